"""Starts a service as systemd would and prints how long it took from exec to READY=1.

    ready.py FOLDER COMMAND…      writes FOLDER/pid; the service goes on running
"""
import os
import socket
import subprocess
import sys
import time

folder, command = sys.argv[1], sys.argv[2:]
path = os.path.join(folder, "notify")
if os.path.exists(path):
    os.unlink(path)
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(path)
notify.settimeout(30)
with open(os.path.join(folder, "log"), "ab") as log:
    begun = time.perf_counter()
    service = subprocess.Popen(
        command, env={**os.environ, "NOTIFY_SOCKET": path}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        start_new_session=True)
while b"READY=1" not in notify.recv(4096):
    pass
print(f"{time.perf_counter() - begun:.4f}", flush=True)
with open(os.path.join(folder, "pid"), "w", encoding="ascii") as file:
    file.write(str(service.pid))
os._exit(0)
