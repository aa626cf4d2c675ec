/// The version of the program as a whole, which the daemon, its clients and the Debian packages share.
///
/// Modules have versions of their own. A test compares this one with `debian/changelog` and `CHANGELOG.md`.
public let mneedleVersion = "0.1.0"
