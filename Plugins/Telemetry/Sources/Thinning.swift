import MneedleKit
import MneedleSeries

extension Telemetry {
    /// The milliseconds of a step in each form that a session's telemetry is kept in, one after the other: each point, seconds,
    /// minutes.
    private static let steps: [Int64] = [0, 1000, 60_000]

    /// Replaces telemetry that has been kept long enough in one form by the next form.
    var thinning: Timer {
        Timer(
            "thinning",
            next: { reading in
                try keepFor.enumerated().compactMap { form, span in
                    guard let span else { return nil }
                    let row = try reading.store.row(
                        "SELECT MIN(ended) AS ended FROM telemetry_sessions WHERE thinned = ?", form)
                    return row?.instant("ended").map { Zone.utc.adding(span, to: $0) }
                }.min()
            },
            fire: { transaction in
                for (form, span) in keepFor.enumerated() {
                    guard let span else { continue }
                    // Only one session is thinned at a time, for a long session's points take a moment to read.
                    let row = try transaction.store.row(
                        "SELECT * FROM telemetry_sessions WHERE thinned = ? AND ended IS NOT NULL ORDER BY ended LIMIT 1",
                        form)
                    guard let session = row.map(KnownSession.init), let ended = session.ended,
                        Zone.utc.adding(span, to: ended) <= transaction.now
                    else { continue }
                    return try thin(session, form: form, transaction)
                }
            })
    }

    private func thin(_ session: KnownSession, form: Int, _ transaction: any Transaction) throws {
        let next = form + 1 < Telemetry.steps.count ? Telemetry.steps[form + 1] : nil
        var (points, damaged) = (0, 0)
        for series in try transaction.series(session: session.session)
        where series.stepMilliseconds == Telemetry.steps[form] {
            var (all, statistics): (Points?, [Statistics]) = (nil, series.fields.map { _ in Statistics() })
            for block in try transaction.blocks(series.id) {
                guard let header = try? block.header(withHistograms: true), let read = try? block.points(transaction),
                    header.statistics.count == series.fields.count,
                    let short = try? next.map({ step throws(Damage) in
                        try RollUp.summed(
                            read, fields: series.fields.count, isRolled: form > 0,
                            step: Span(milliseconds: step).totalNanoseconds)
                    }) ?? Points(times: [], columns: [])
                else {
                    // The block stays as it is, so that it may be mended.
                    damaged += 1
                    continue
                }
                if let all { all.append(short) } else { all = short }
                for index in statistics.indices { statistics[index].append(header.statistics[index]) }
                points += block.count
                try transaction.store.execute("DELETE FROM telemetry_blocks WHERE id = ?", block.id)
            }
            guard let next, let all, all.count > 0 else { continue }
            let id = try Blocks(transaction: transaction).series(
                session: session.session, device: series.device, name: series.name, fields: series.fields,
                stepMilliseconds: next)
            // Where blocks meet, two rows may be of one step.
            let whole = try RollUp.summed(
                all.sorted, fields: series.fields.count, isRolled: true,
                step: Span(milliseconds: next).totalNanoseconds)
            try Blocks(transaction: transaction).insertSealed(whole, id, statistics: statistics)
        }
        try transaction.store.execute(
            "UPDATE telemetry_sessions SET thinned = ? WHERE session = ?", form + 1, session.session)
        let digest = try transaction.digest(ofSession: session.session).digest
        try transaction.record(
            Entry(
                "telemetry.thinned", subject: "session/\(session.session)", person: session.person,
                body: [
                    "session": session.session, "rows": points,
                    "into": next.map { Span(milliseconds: $0) }, "damaged": damaged > 0 ? damaged : nil,
                    "digest": digest,
                ]))
    }
}
