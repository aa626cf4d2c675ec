import MneedleBulkKit
import MneedleKit
import MneedleSeries
import Synchronization

/// Takes the lines for one session, or of a collector whose lines name devices: parses and judges them as they arrive, and
/// stores them when the writer's turn comes.
// Sendable: properties that both sides use are used under `lock` alone; the others belong to the writer.
final class Receiver: BulkReceiver, @unchecked Sendable {
    private let telemetry: Telemetry
    private let unit: Precision
    private let lock = Mutex(())
    /// The watch of the session of `telemetry.stream`; `nil` for a collector.
    private let only: Watch?

    // These are used under the lock.
    private var slots: [Slot] = []
    private var current = 0
    private var samples = UnsafeMutablePointer<Sample>.allocate(capacity: LineReader.mostFields)
    private var lines = 0
    private var rejected = 0
    private var firstErrors: [BadLine] = []

    // These belong to the writer.
    private var watches: [String: Watch] = [:]
    private var series: [SeriesKey: Int64] = [:]
    private var accepted = 0
    /// The devices that the records know.
    private var onRecord: Set<String> = []

    /// The most layouts of one stream: ever new tags and fields would otherwise take up ever more memory.
    private static let mostLayouts = 256
    /// The most bytes of measurement, tags and names of fields together.
    private static let mostLayoutBytes = 8192
    private static let acceptable =
        Instant.acceptable.lowerBound.nanoseconds...Instant.acceptable.upperBound.nanoseconds
    /// The nanoseconds by which a device's clock may be ahead of this machine's, or its first point before the session's
    /// begin.
    static let grace: Int64 = 60_000_000_000

    /// - Parameter unit: The unit of the timestamps.
    init(_ telemetry: Telemetry, only watch: Watch?, unit: Precision) {
        self.telemetry = telemetry
        self.unit = unit
        only = watch
    }

    deinit { samples.deallocate() }

    private struct SeriesKey: Hashable {
        var slot: ObjectIdentifier
        var session: Int64
    }

    // MARK: Arrival

    func take(_ lines: UnsafeRawBufferPointer, at now: Instant, _ tell: (String, Object) -> Void) {
        lock.withLock { _ in
            let bytes = lines.bindMemory(to: UInt8.self)
            let now = now.nanoseconds
            var start = 0
            for (end, byte) in bytes.enumerated() where byte == 10 {
                var count = end - start
                // A terminal that translates line ends may add another CR.
                while count > 0, bytes[start + count - 1] == 13 { count -= 1 }
                self.lines += 1
                take(UnsafeBufferPointer(rebasing: bytes[start..<start + count]), now, tell)
                start = end + 1
            }
        }
    }

    private func take(_ line: UnsafeBufferPointer<UInt8>, _ now: Int64, _ tell: (String, Object) -> Void) {
        var reader = LineReader(line)
        guard !reader.isEmpty() else { return }
        do throws(PointError) {
            let slot = try slot(of: &reader)
            // The sign of a number is that of its bits, except for unsigned ones.
            for field in slot.depths where samples[field].bits < 0 && samples[field].kind != .unsigned {
                slot.negative = slot.layout.fields[field].name
                if let watch = slot.watch, let alarm = slot.judgeNegative(at: now) {
                    tell("telemetry.breach", alarm.body(watch.session))
                }
                throw PointError(column: 1, reason: "field '\(slot.layout.fields[field].name)': no depth is negative")
            }
            let time: Int64
            do throws(PointError) {
                time = try self.time(reader.time, now)
            } catch {
                suspect(slot, line, now, tell)
                throw error
            }
            slot.points.append(time, samples, line)
            guard let watch = slot.watch else { return }
            for alarm in slot.judge(time, sampled) { tell("telemetry.breach", alarm.body(watch.session)) }
        } catch {
            reject(error.column, error.reason)
        }
    }

    private func sampled(_ field: Int) -> Double {
        Column.number(samples[field].bits, samples[field].kind, samples[field].decimals)
    }

    /// The most points with unbelievable times that wait for a watch.
    private static let mostSuspects = 4096

    /// Judges a point whose time is not believed by its arrival, and does not keep it.
    private func suspect(
        _ slot: Slot, _ line: UnsafeBufferPointer<UInt8>, _ now: Int64, _ tell: (String, Object) -> Void
    ) {
        guard let watch = slot.watch else {
            if slot.suspects.count < Receiver.mostSuspects { slot.suspects.append(now, samples, line) }
            return
        }
        for alarm in slot.judge(arrivedAt: now, sampled) { tell("telemetry.breach", alarm.body(watch.session)) }
    }

    /// The slot of the line's layout, looked for first where the same predecessor had its successor last time, for lines come
    /// in turns.
    private func slot(of reader: inout LineReader) throws(PointError) -> Slot {
        if !slots.isEmpty {
            let guess = slots[current].successor
            if reader.match(slots[guess].layout, samples) {
                current = guess
                return slots[guess]
            }
            for index in slots.indices where index != guess && reader.match(slots[index].layout, samples) {
                return turn(to: index)
            }
        }
        let layout = try reader.layout()
        guard slots.count < Receiver.mostLayouts else {
            throw PointError(
                column: 1,
                reason:
                    "over \(Receiver.mostLayouts) different sets of tags and fields in one stream; send what varies as a field"
            )
        }
        guard layout.byteCount <= Receiver.mostLayoutBytes else {
            throw PointError(
                column: 1,
                reason: "over \(Receiver.mostLayoutBytes) bytes of measurement, tags and names of fields in one point")
        }
        guard only != nil || layout.device != nil else {
            throw PointError(column: 1, reason: "the point names no device: add the tag device=NAME")
        }
        if let only, let device = layout.device, device != only.session.device {
            throw PointError(
                column: 1,
                reason: "the point is of device '\(device)', the session of '\(only.session.device)': "
                    + "stream each device into its own session")
        }
        slots.append(Slot(layout, only, telemetry.knowledge))
        guard reader.match(layout, samples) else {
            throw PointError(column: 1, reason: "the line reads as a point and does not match itself; this is a defect")
        }
        return turn(to: slots.count - 1)
    }

    private func turn(to index: Int) -> Slot {
        slots[current].successor = index
        current = index
        return slots[index]
    }

    /// The point's time in nanoseconds. A time in the future or long before the session comes from a wrong clock or unit.
    private func time(_ stamp: Int64?, _ now: Int64) throws(PointError) -> Int64 {
        guard let stamp else { return telemetry.arrivals.next(now) }
        let (time, overflow) = stamp.multipliedReportingOverflow(by: unit.nanoseconds)
        let counts = "it counts \(unit.rawValue) since 1970"
        let reason: String
        if overflow || !Receiver.acceptable.contains(time) {
            reason = "the timestamp lies outside of the years 1900 to 2200; \(counts)"
        } else if time > now.addingClamped(Receiver.grace) {
            reason = "the timestamp is in the future; \(counts)"
        } else if let only, !only.session.covers(time) {
            reason = "the timestamp is before the session began; \(counts)"
        } else {
            return time
        }
        throw PointError(column: 1, reason: reason)
    }

    private func reject(_ column: Int, _ reason: String, count: Int = 1) {
        rejected += count
        if firstErrors.count < 10 { firstErrors.append(BadLine(line: lines, column: column, reason: reason)) }
    }

    // MARK: Storing

    func store(_ transaction: any BulkTransaction) throws -> BulkCount {
        let batches = lock.withLock { _ in slots.compactMap { $0.takeBatch() } }
        if let only {
            guard try telemetry.known(only.session.session, transaction).isRunning else {
                throw ModuleError.conflict(
                    "session \(only.session.session) has ended; its stream ends with it", state: "ended")
            }
            for batch in batches {
                try judgeTimes(of: batch, transaction)
                try store(batch.points, batch.slot, only.session, transaction)
            }
        } else {
            for batch in batches { try storeByDevice(batch, transaction) }
        }
        for watch in only.map({ [$0] }) ?? Array(watches.values) { try record(watch, transaction) }
        return lock.withLock { _ in BulkCount(accepted: accepted, rejected: rejected) }
    }

    /// Stores the points of the device's running session there, and the others under the device.
    private func storeByDevice(_ gathered: Batch, _ transaction: any BulkTransaction) throws {
        var batch = gathered
        let (slot, points) = (batch.slot, batch.points)
        guard let device = slot.layout.device else { return }
        guard try telemetry.isOpen(device, transaction) else {
            lock.withLock { _ in slot.bind(nil) }
            return rejectUnknown(device, count: points.count)
        }
        let watch = try watch(of: device, transaction)
        if slot.watch !== watch { lock.withLock { _ in slot.bind(watch) } }
        guard let watch else {
            let isNegative = lock.withLock { _ in slot.takeNegative() }
            try telemetry.tellOfNeedling(batch, device, isNegative: isNegative, transaction)
            return try storeUnmatched(points, slot, device, transaction)
        }
        // These points came before their session was known.
        lock.withLock { _ in
            _ = slot.judgeNegative(at: transaction.now.nanoseconds)
            for place in batch.judged..<points.count {
                _ = slot.judge(points.times[place], at: place, &batch.behind) {
                    points.columns[$0].number(at: place)
                }
            }
            for place in 0..<batch.suspects.count {
                _ = slot.judge(arrivedAt: batch.suspects.times[place]) {
                    batch.suspects.columns[$0].number(at: place)
                }
            }
        }
        try judgeTimes(of: batch, transaction)
        let (own, others) = points.divided { watch.session.covers($0) }
        try judge(others, slot, watch.session, transaction)
        try store(own, slot, watch.session, transaction)
        try storeUnmatched(others, slot, device, transaction)
    }

    /// Judges a collector's points of before the session, which are kept, by the present time, for the needles move now. A
    /// point that is stored already was judged when it came, and is only sent again.
    private func judge(
        _ points: Points, _ slot: Slot, _ session: KnownSession, _ transaction: any BulkTransaction
    ) throws {
        guard points.count > 0 else { return }
        points.round(to: telemetry.precision)
        let layout = slot.layout
        let isRepeated = try Blocks(transaction: transaction)
            .repeats(in: points, session.device, layout.series, layout.fields)
        let now = transaction.now.nanoseconds
        let alarms = lock.withLock { _ in
            points.times.indices.filter { !isRepeated($0) }.flatMap { place in
                slot.judge(arrivedAt: now) { points.columns[$0].number(at: place) }
            }
        }
        for alarm in alarms { transaction.publishLive(topic: "telemetry.breach", alarm.body(session)) }
    }

    /// Judges points that are older than one before them: they tell of a clock that was set back, unless they were only sent
    /// again.
    private func judgeTimes(of batch: Batch, _ transaction: any BulkTransaction) throws {
        let new = try batch.newBehind(of: telemetry, in: transaction)
        guard let watch = batch.slot.watch, !new.isEmpty else { return }
        let alarms = lock.withLock { _ in
            new.compactMap { watch.judge(time: batch.points.times[$0.place], newest: $0.newest) }
        }
        for alarm in alarms { transaction.publishLive(topic: "telemetry.breach", alarm.body(watch.session)) }
    }

    private func watch(of device: String, _ transaction: any Transaction) throws -> Watch? {
        let session = try telemetry.running(device: device, transaction)
        if let known = watches[device] {
            if known.session.session == session?.session { return known }
            // The known session is over: no more points come to its series.
            watches[device] = nil
            series = series.filter { $0.key.session != known.session.session }
        }
        guard let session else { return nil }
        let watch = try telemetry.watch(session, transaction)
        watches[device] = watch
        return watch
    }

    private func store(
        _ points: Points, _ slot: Slot, _ session: KnownSession, _ transaction: any BulkTransaction
    ) throws {
        guard points.count > 0 else { return }
        guard try append(points, slot, session: session.session, device: session.device, transaction) else { return }
        try telemetry.heard(of: session, transaction)
        var newest: Object = ["session": session.session, "person": session.person]
        for (field, column) in zip(slot.layout.fields, points.columns) where column.isNumeric {
            newest[field.name] = .number(column.number(at: points.count - 1))
        }
        transaction.publishLive(topic: "telemetry.sample", newest)
    }

    private func storeUnmatched(
        _ points: Points, _ slot: Slot, _ device: String, _ transaction: any Transaction
    ) throws {
        guard points.count > 0 else { return }
        if !onRecord.contains(device), try telemetry.isOnRecord(device, transaction) { onRecord.insert(device) }
        guard onRecord.contains(device) else {
            return rejectUnknown(device, count: points.count)
        }
        _ = try append(points, slot, session: 0, device: device, transaction)
    }

    private func rejectUnknown(_ device: String, count: Int) {
        lock.withLock { _ in
            reject(1, "no device '\(device)' on record; records.list-devices shows them", count: count)
        }
    }

    /// - Returns: Whether the points are kept; they are not where there are too many series already.
    private func append(
        _ points: Points, _ slot: Slot, session: Int64, device: String, _ transaction: any Transaction
    ) throws -> Bool {
        points.round(to: telemetry.precision)
        let blocks = Blocks(
            transaction: transaction,
            expires: session == 0 ? Zone.utc.adding(telemetry.keepUnmatchedFor, to: transaction.now) : nil)
        let (name, fields) = (slot.layout.series, slot.layout.fields)
        let key = SeriesKey(slot: ObjectIdentifier(slot), session: session)
        do {
            let id =
                try series[key] ?? blocks.series(session: session, device: device, name: name, fields: fields)
            // The series of no session are not remembered, for they come and go.
            if session != 0 { series[key] = id }
            let isLate = session == 0
            let rest = isLate ? try blocks.withoutThoseOfSessions(points, device, name, fields) : points
            try blocks.append(rest, to: id)
        } catch let limit as Series.TooMany {
            lock.withLock { _ in reject(1, limit.reason, count: points.count) }
            return false
        }
        accepted += points.count
        return true
    }

    private func record(_ watch: Watch, _ transaction: any Transaction) throws {
        let (changes, peaks) = try lock.withLock { _ in
            let now = transaction.now.nanoseconds
            try watch.heard(at: now) { try telemetry.lastDepth(of: watch.session, transaction) }
            return watch.takeChanges()
        }
        try telemetry.record(changes, peaks, watch.session, transaction)
    }

    func finish(_ transaction: any BulkTransaction) throws -> Object {
        if let only, accepted > 0 { try telemetry.seal(only.session, transaction) }
        return lock.withLock { _ in
            let alarms = only?.alarms ?? watches.values.reduce(0) { $0 + $1.alarms }
            return Streamed(accepted: accepted, rejected: rejected, alarms: alarms, firstErrors: firstErrors).object
        }
    }
}
