"""load.py CLIENTS: clients that add people as fast as they are answered, through restarts, until SIGTERM.

Each takes up again after its connection ended, with the same idempotency key. At the end every acknowledged change must
be there, once. Prints what happened as words `key=value`; exits with 1 if a change is lost or a connection was refused.
"""
import json, signal, socket, sys, threading

PATH = "/run/mneedle/control.sock"
clients, is_over = int(sys.argv[1]), threading.Event()
acknowledged, refused, reconnections, odd = [], [], [], []


class Client:
    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(30)
        try:
            self.socket.connect(PATH)
        except OSError as error:
            refused.append(error)
            raise
        self.lines = self.socket.makefile("r", encoding="utf-8")
        greeting = self.lines.readline()
        if not greeting.startswith("MNEEDLE 1 "):
            raise ConnectionError(greeting)

    def ask(self, line):
        self.socket.sendall(line.encode() + b"\n")
        reply = self.lines.readline()
        if not reply.endswith("\n"):
            raise ConnectionError("ended")
        return reply


def work(number):
    client, count = None, 0
    while not is_over.is_set():
        name = f"c{number}-{count}"
        try:
            client = client or Client()
            reply = client.ask(f"records.add-person person={name} idempotency_key={name}")
        except (OSError, ConnectionError) as error:
            # A service that is stopped ends connections; the change may be on disk or not: ask again.
            client = None
            reconnections.append(error)
            if refused:
                return
            continue
        if reply.startswith("OK "):
            acknowledged.append(name)
            count += 1
        else:
            odd.append(reply)
            return


signal.signal(signal.SIGTERM, lambda *_: is_over.set())
threads = [threading.Thread(target=work, args=[number]) for number in range(clients)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()

# Who only counts what was acknowledged, and asks whether it is there, needs the service once more.
client = Client()
client.socket.sendall(b"records.list-people\n")
kept = []
while (line := client.lines.readline()).startswith("ROW "):
    kept.append(json.loads(line[4:])["person"])
proof = json.loads(client.ask("ledger.verify")[3:])
lost = set(acknowledged) - set(kept)
print(f"acknowledged={len(acknowledged)} kept={len(kept)} lost={len(lost)} refused={len(refused)}"
      f" reconnections={len(reconnections)} odd={odd[:3]} ledger_ok={proof['ok']} entries={proof['entries']}")
sys.exit(bool(lost or refused or odd or not acknowledged or not proof["ok"] or len(set(kept)) != len(kept)))
