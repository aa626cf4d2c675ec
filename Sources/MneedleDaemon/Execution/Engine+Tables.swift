extension Engine {
    /// The tables with rows that somebody else than the service has changed. As long as there are any, no session starts: what is
    /// known of somebody may be wrong.
    /// - Parameter connection: Each table is read on a snapshot of its own.
    func alteredTables(_ connection: any StoreConnection) throws -> [String] {
        var altered: [String] = []
        for table in try connection.summedTables() {
            try connection.renew()
            if try !connection.isWhole(table) { altered.append(table) }
        }
        if altered.isEmpty {
            health.mend("rows-altered")
        } else {
            health.report(
                Health.Fault(
                    "rows-altered",
                    "rows of \(altered.joined(separator: ", ")) are not those that the service wrote: the store was altered by"
                        + " another program, or is damaged; keep it, and restore a copy. To take them for right, make an empty"
                        + " file 'accept-store' beside the store and restart the service", blocksSessions: true))
        }
        return altered
    }
}
