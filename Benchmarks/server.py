"""A server of the benchmark: started in a folder of its own, measured, and stopped."""
import os
import signal
import subprocess
import time


class Missing(Exception):
    """What a part needs and is not there: said in one line, and the benchmark goes on."""


class Server:
    """`command` runs from here until `stop`; its output goes to a file in `folder`."""

    def __init__(self, folder, command):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        # What the server before this one has left to write would otherwise be waited for by this one.
        os.sync()
        with open(os.path.join(folder, "log"), "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def wait_until(self, is_ready, seconds=30):
        """Asks `is_ready` until it says so and does not raise OSError."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if is_ready():
                    return
            except OSError:
                pass
            time.sleep(0.01)
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
            said = log.read().strip().splitlines()[-3:]
        self.stop()
        raise RuntimeError(f"{self.process.args[0]} is not ready: {' | '.join(said)}")

    def memory(self):
        """Bytes resident now, and at most so far."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            fields = dict(line.split(":", 1) for line in file)
        return tuple(int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def size(*paths):
    """Bytes in files, and in all files of folders."""
    total = 0
    for path in paths:
        if os.path.isfile(path):
            total += os.path.getsize(path)
        for folder, _, files in os.walk(path):
            total += sum(os.path.getsize(os.path.join(folder, name)) for name in files)
    return total
