import MneedleKit

extension Scheduling {
    /// The numbers of reminders that wait for their time and of those that wait for an answer.
    var openReminders: Figure {
        let open = Reminder.State.allCases.filter(\.isOpen)
        return Figure(
            "reminders", .gauge, "Reminders that nobody has answered yet.",
            labels: [FigureLabel("state", open.map(\.rawValue))]
        ) { reading in
            try open.map { state in
                let row = try reading.store.row(
                    "SELECT COUNT(*) AS count FROM scheduling_reminders WHERE \(state.condition)")
                return FigureValue(row?.integer("count") ?? 0, state.rawValue)
            }
        }
    }
}
