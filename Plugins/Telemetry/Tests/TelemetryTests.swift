import MneedleKit
import MneedleTestKit
import Testing

@testable import Telemetry
