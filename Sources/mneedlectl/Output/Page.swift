import Mustache

/// A page that needs nothing but itself, and in which nothing runs.
enum Page {
    /// - Parameters:
    ///   - style: Rules beside those that all pages have.
    ///   - body: What stands below the title, a template.
    /// - Returns: The template of the page; its title is `{{title}}`.
    static func template(style: String, body: String) -> MustacheTemplate? {
        // The texts are the program's own: one that does not parse would not pass its test.
        try? MustacheTemplate(
            string: """
                <!DOCTYPE html>
                <html lang="en">
                <meta charset="utf-8">
                <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
                <title>{{title}}</title>
                <style>
                body { font: 1rem/1.5 sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem }
                \(style)
                </style>
                <h1>{{title}}</h1>
                \(body)
                </html>

                """)
    }
}
