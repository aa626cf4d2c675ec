import MneedleKit

extension Scheduling {
    /// Delivers each reminder once: its state changes in the transaction that records `reminder.due`, so what was
    /// due while the service was down comes when it is up again, and nothing comes twice.
    var delivery: Timer {
        Timer("delivery") { reading in
            try reading.row(
                """
                SELECT due_at FROM scheduling_reminders WHERE state IN ('pending', 'snoozed')
                ORDER BY due_at, id LIMIT 1
                """
            )?.instant("due_at")
        } fire: { transaction in
            let due = try transaction.rows(
                """
                SELECT * FROM scheduling_reminders WHERE state IN ('pending', 'snoozed') AND due_at <= ?
                ORDER BY due_at, id LIMIT 200
                """, transaction.now)
            for row in due { try deliver(Reminder(row), transaction) }
        }
    }

    private func deliver(_ reminder: Reminder, _ transaction: any Transaction) throws {
        var delivered = reminder
        (delivered.state, delivered.changed) = (.due, transaction.now)
        try transaction.execute(
            "UPDATE scheduling_reminders SET state = ?, changed_at = ? WHERE id = ?",
            delivered.state.rawValue, transaction.now, reminder.id)
        let isLate = transaction.now.milliseconds - reminder.due.milliseconds > knowledge.lateAfter.milliseconds
        let late = isLate ? [Object.Member("late", .bool(true))] : []
        try transaction.record(delivered.entry("reminder.due", [sources(of: reminder)] + late))
    }
}
