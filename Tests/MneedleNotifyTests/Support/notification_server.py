"""A notification server that behaves as it is told, on python3-dbusmock.

Prints one JSON object a line for everything that happens to it, and obeys lines on standard input:
    act ID ACTION       somebody chooses an action; the server closes the notification then, as most do
    close ID REASON     the notification expires (1) or is put away (2)
Arguments: --capabilities WORD,… --refuse COUNT (so many calls of Notify fail) --bare (pictures, buttons and hints fail) --die (in the first call of Notify)
"""

import argparse
import json
import os
import sys

import dbus
import dbus.service
import dbusmock
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"

parser = argparse.ArgumentParser()
parser.add_argument("--capabilities", default="actions,body,body-markup,persistence")
parser.add_argument("--refuse", type=int, default=0)
parser.add_argument("--bare", action="store_true")
parser.add_argument("--die", action="store_true")
options = parser.parse_args()


def plain(value):
    """D-Bus types as those of JSON."""
    if isinstance(value, dbus.Dictionary):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, dbus.Array)):
        return [plain(item) for item in value]
    if isinstance(value, dbus.Boolean):
        return bool(value)
    if isinstance(value, int):
        return int(value)
    return str(value)


def say(**what):
    print(json.dumps(what), flush=True)


class Server:
    last = 0
    shown = set()
    refused = 0

    def notify(self, args):
        if options.die:
            say(died=True)
            os._exit(0)
        if self.refused < options.refuse:
            self.refused += 1
            say(refused=self.refused)
            raise dbus.exceptions.DBusException("not now", name=NAME + ".Error.ExcessNotificationGeneration")
        _, replaces, icon, summary, body, actions, hints, expires = map(plain, args)
        if options.bare and (icon or actions or hints):
            raise dbus.exceptions.DBusException("what is this?", name="org.freedesktop.DBus.Error.InvalidArgs")
        # As the specification has it: what is not there any more cannot be replaced.
        number = replaces if replaces in self.shown else self.last + 1
        self.last = max(self.last, number)
        self.shown.add(number)
        say(notify=number, replaces=replaces, icon=icon, summary=summary, body=body, actions=actions, hints=hints,
            expires=expires)
        return dbus.UInt32(number)

    def close(self, args):
        number = int(args[0])
        say(close=number)
        self.gone(number, 3)

    def gone(self, number, reason):
        if number in self.shown:
            self.shown.remove(number)
            mock.EmitSignal(NAME, "NotificationClosed", "uu", [dbus.UInt32(number), dbus.UInt32(reason)])

    def obey(self, line):
        words = line.split()
        if words[0] == "act":
            mock.EmitSignal(NAME, "ActionInvoked", "us", [dbus.UInt32(int(words[1])), words[2]])
            self.gone(int(words[1]), 2)
        else:
            self.gone(int(words[1]), int(words[2]))


def heard(source, _condition):
    line = source.readline()
    if not line:
        loop.quit()
        return False
    server.obey(line)
    return True


DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
owned = dbus.service.BusName(NAME, bus, do_not_queue=True)
server = Server()
mock = dbusmock.DBusMockObject(owned, PATH, NAME, {})
mock.server = server
mock.logfile = open(os.devnull, "w", encoding="utf-8")  # standard output is for what is said above
capabilities = [word for word in options.capabilities.split(",") if word]
mock.AddMethods(NAME, [
    ("GetCapabilities", "", "as", f"ret = {capabilities!r}"),
    ("Notify", "susssasa{sv}i", "u", "ret = self.server.notify(args)"),
    ("CloseNotification", "u", "", "self.server.close(args)"),
])
loop = GLib.MainLoop()
GLib.io_add_watch(sys.stdin, GLib.IO_IN | GLib.IO_HUP, heard)
say(ready=True)
loop.run()
