"""Every error a user can cause: what is wrong, where, and what to do.

The tree (each class has a stable code; `docs/errors.md` is generated from this file):

    GgiError
    ├── FileError            GGI10xx  files and their syntax
    ├── SpecError            GGI11xx  onboarding specs, plans and allocation
    ├── StandardError        GGI12xx  the standard and its options
    ├── EstateError          GGI13xx  the estate
    ├── RenderError          GGI14xx  rendering and explaining
    ├── CheckError           GGI15xx  the daemons' own checks
    ├── PushError            GGI16xx  pushing to devices
    ├── DriftError           GGI17xx  collecting and comparing
    ├── SecretError          GGI18xx  the secrets backend
    ├── SystemFailure        GGI19xx  the machine that the toolkit runs on
    ├── NetBoxError          GGI20xx  NetBox: its answers, its rights, what is read from it
    ├── LogError             GGI21xx  the log lines of logins: reading, storing and asking for them
    └── WebError             GGI22xx  the pages: their settings and who may see them
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, ClassVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable


class Place(msgspec.Struct, frozen=True):
    """Where something is: a file (or a URL) and, where known, a line and a column, counted from 1."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


class GgiError(Exception):
    """The root: a message for people, the place it is about, and what to do next."""

    code: ClassVar[str] = "GGI1000"
    exit_status: ClassVar[int] = 1
    default_hint: ClassVar[str] = ""

    def __init__(self, message: str, *, place: Place | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = self.default_hint if hint is None else hint

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        advice = f"\n  hint: {self.hint}" if self.hint else ""
        return _escaped(f"{self.code} {where}{self.message}{advice}")


def _escaped(text: str) -> str:
    """Control and direction characters of a foreign string spelled out: a message must not steer a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)


# -- files ---------------------------------------------------------------------------------------------


class FileError(GgiError):
    """A file can't be read or written."""

    code = "GGI1001"


class FileMissing(FileError):
    """A file or folder that is needed is not there."""

    code = "GGI1002"


class SyntaxProblem(FileError):
    """A file is not well-formed YAML or JSON."""

    code = "GGI1003"
    default_hint = "correct the syntax at that line; a stray tab or an unclosed quote is the usual cause"


class UnknownKey(FileError):
    """A key that the record does not have."""

    code = "GGI1004"


class WrongValue(FileError):
    """A value of the wrong type or form."""

    code = "GGI1005"


class DuplicateKey(FileError):
    """The same key twice in one mapping: one of the two values would be lost."""

    code = "GGI1006"
    default_hint = "keep one of the two"


# -- onboarding ----------------------------------------------------------------------------------------


class SpecError(GgiError):
    """An onboarding spec asks for something that can't be."""

    code = "GGI1101"


class PoolExhausted(SpecError):
    """A pool of the standard has nothing free left."""

    code = "GGI1102"
    default_hint = "release what is unused, or ask the federation for a larger pool in the next standard"


class PlanStale(SpecError):
    """The estate changed since the plan was computed, in what the plan touches."""

    code = "GGI1103"
    default_hint = "make the plan again and read what has changed"


class PlanInvalid(SpecError):
    """A plan file is damaged or was made by another version."""

    code = "GGI1104"
    default_hint = "make the plan again with `ggi onboard plan`"


class ApplyClaimed(SpecError):
    """Another apply of the same gemeente is under way, or was not completed."""

    code = "GGI1105"


class ResultDiffers(SpecError):
    """What was written reads back as something else: somebody changed it at the same time."""

    code = "GGI1106"
    default_hint = "look at those objects in NetBox and their change logs, then plan again"


class OthersDepend(SpecError):
    """What is to go can't go while others depend on it, or have objects of their own at a site of it."""

    code = "GGI1107"
    default_hint = "move or remove those first, then plan again; nothing was changed"


# -- standard ------------------------------------------------------------------------------------------


class StandardError(GgiError):
    """The national standard is not there or contradicts itself."""

    code = "GGI1201"


class OptionUndeclared(StandardError):
    """A local option that the standard does not declare."""

    code = "GGI1202"


class OptionRefused(StandardError):
    """A value that the standard does not allow for an option."""

    code = "GGI1203"


class StandardUnknown(StandardError):
    """A version of the standard that is not installed."""

    code = "GGI1204"


# -- estate --------------------------------------------------------------------------------------------


class EstateError(GgiError):
    """The estate contradicts itself; `ggi estate validate` lists every finding."""

    code = "GGI1301"


class NotInEstate(EstateError):
    """A gemeente, device or file name that the estate does not have."""

    code = "GGI1302"


class EstateEmpty(EstateError):
    """An estate without anything in it."""

    code = "GGI1303"


FINDINGS = {
    "GGI1311": "A prefix or address that is none, or a prefix with host bits.",
    "GGI1312": "Two prefixes overlap.",
    "GGI1313": "A prefix or address outside the plan, outside the gemeente's block, or outside its site's VLAN.",
    "GGI1314": "A VLAN id twice at one site.",
    "GGI1315": "A VLAN id outside the plan's range for its zone.",
    "GGI1316": "A zone, VRF or platform that does not exist.",
    "GGI1317": "A device without management address, or a router without its router-id.",
    "GGI1318": "A device name, serial number, address or host key twice.",
    "GGI1319": "A link to a device or port that is not there, or not the organisation's own.",
    "GGI1320": "A link to a device of the wrong role.",
    "GGI1321": "A VRF on a link without exactly one prefix of each family that it asks for.",
    "GGI1322": "A tag twice on one port, or outside the plan.",
    "GGI1323": "A realm that two gemeenten claim.",
    "GGI1324": "Realms that nobody answers for, or a member of govroam without RADIUS server.",
    "GGI1325": "An ASN twice, or outside the plan.",
    "GGI1326": "A site without gateway, or a gateway without link.",
    "GGI1327": "A gemeente without a main site, or with two.",
    "GGI1328": "Two gateways of one site with the same unit.",
    "GGI1329": "An untrusted line without internet address, or a trusted one at an internet port.",
    "GGI1330": "A slug, CBS code or domain twice.",
    "GGI1331": "A device without the port that it needs.",
    "GGI1332": "A link name twice.",
    "GGI1333": "A host key that is none.",
    "GGI1334": "An access point or WLAN controller where no visitor can log in, or an access point without radios.",
}
"""What `ggi estate validate` finds, by code; a finding is reported, not raised."""


# -- rendering -----------------------------------------------------------------------------------------


class RenderError(GgiError):
    """A device can't be rendered."""

    code = "GGI1401"


class TemplateProblem(RenderError):
    """A template is broken or uses a key that the device view does not have."""

    code = "GGI1402"


class UnsafeValue(RenderError):
    """A value that could add a line or a command to a configuration."""

    code = "GGI1403"
    default_hint = "remove the control characters from that value at its source"


class PlatformUnknown(RenderError):
    """A platform that has no template folder."""

    code = "GGI1404"


class NothingToExplain(RenderError):
    """A file or line that the device's artifacts do not have."""

    code = "GGI1405"


# -- check ---------------------------------------------------------------------------------------------


class CheckError(GgiError):
    """The daemon that would run an artifact refuses it."""

    code = "GGI1501"


# -- push ----------------------------------------------------------------------------------------------


class PushError(GgiError):
    """A push did not complete; the device keeps or gets back its old configuration."""

    code = "GGI1601"


class DeviceUnreachable(PushError):
    """No SSH session with the device."""

    code = "GGI1602"


class DeviceRefused(PushError):
    """The device refused a command or a file."""

    code = "GGI1603"


class WrongDevice(PushError):
    """The device at that address is another one than intended."""

    code = "GGI1604"


class VerifyFailed(PushError):
    """After the change the device does not run what was intended."""

    code = "GGI1605"


class HostKeyRefused(PushError):
    """The device shows another host key than the one that is known of it, or two that differ are known."""

    code = "GGI1606"


class ArtifactsStale(PushError):
    """The artifacts are not what the estate says now."""

    code = "GGI1607"
    default_hint = "render them again (`ggi render`), read what changed (`ggi push --check --diff`), then push"


class DeviceLocked(PushError):
    """Somebody else is changing the device."""

    code = "GGI1608"
    exit_status = 4
    default_hint = "wait until that push has ended, then push again"


class DriftUnaccepted(PushError):
    """The device was changed since the last push, and nobody has said that this may be overwritten."""

    code = "GGI1609"
    default_hint = "read what was changed (`ggi push --check --diff`); --accept drift overwrites it"


class NotReady(PushError):
    """The device is in no state to be changed: its disk is full, or none of its sessions is up."""

    code = "GGI1610"


class ChangeMoved(PushError):
    """What would be changed is no longer what was approved."""

    code = "GGI1611"
    default_hint = "the device or its artifacts changed since; read the new diff and approve that"


class NothingKept(PushError):
    """The device has kept nothing of before that push."""

    code = "GGI1612"


class RolledBack(PushError):
    """The change was made but did not hold; the device went back to what it ran before."""

    code = "GGI1613"


class StateUnknown(PushError):
    """Nobody could see yet whether the device went back to what it ran before."""

    code = "GGI1614"
    default_hint = "the device goes back by itself; `ggi journal --settle` looks again"


class RunUnknown(PushError):
    """No run of that name is in the journal."""

    code = "GGI1615"


class RunStopped(PushError):
    """A run was stopped: too many of its devices failed."""

    code = "GGI1616"


class ConfirmFailed(PushError):
    """The change works, but the device could not be told to keep it, or to save it."""

    code = "GGI1617"


class HostKeyUnknown(PushError):
    """No host key of the device is known, so that nobody can tell whether it is the device."""

    code = "GGI1618"


class SecretInFile(PushError):
    """A password stands in the connections file, where only references to secrets may."""

    code = "GGI1619"


class ApprovalMissing(PushError):
    """A change waits for somebody's approval, and there is nobody to ask."""

    code = "GGI1620"
    default_hint = "read the diff (`ggi push --check --diff`), then say --yes; or push at a terminal, where it is asked"


# -- drift ---------------------------------------------------------------------------------------------


class DriftError(GgiError):
    """A device's running configuration can't be collected or compared."""

    code = "GGI1701"


class ConfigurationBroken(DriftError):
    """A configuration whose lines can't be told apart by their indentation."""

    code = "GGI1702"
    default_hint = "each section stands one space deeper than its heading; the text may be cut off"


# -- secrets -------------------------------------------------------------------------------------------


class SecretError(GgiError):
    """A secret can't be resolved. The message names the reference, never a value."""

    code = "GGI1801"


# -- the machine ---------------------------------------------------------------------------------------


class SystemFailure(GgiError):
    """The machine let the command down: a full disk, a missing right, a tool that isn't installed."""

    code = "GGI1901"


class DiskFull(SystemFailure):
    """No space left; what was written before is whole, the file at hand is as it was."""

    code = "GGI1902"
    default_hint = "free some space and run the same command again; it goes on where it stopped"


class LabFailure(SystemFailure):
    """The lab (the twin, a simulated device, the small virtual machine) can't start or did not end."""

    code = "GGI1904"


class DemoFailed(SystemFailure):
    """A step of the demo did not end as the story says."""

    code = "GGI1905"
    default_hint = "everything that it made is still there to be looked at; `make test` says more"


class Interrupted(SystemFailure):
    """The user stopped the command."""

    code = "GGI1903"
    exit_status = 130
    default_hint = "nothing is half-written; run the same command again to complete it"


# -- NetBox --------------------------------------------------------------------------------------------


class NetBoxError(GgiError):
    """NetBox can't be reached, refuses, or does not hold what it must. The place is the URL, without its query."""

    code = "GGI2001"
    maybe_done: bool = False
    """NetBox may have carried out the request all the same: look before it is sent again."""


class NetBoxSettings(NetBoxError):
    """Which NetBox, and with which token, is not known or can't be used."""

    code = "GGI2002"


class NetBoxAway(NetBoxError):
    """No connection with NetBox, or it broke off; a later attempt may succeed."""

    code = "GGI2003"
    exit_status = 4
    default_hint = "is NetBox up, and is the URL right? The same command can simply be run again"


class NetBoxSlow(NetBoxAway):
    """NetBox did not answer in time."""

    code = "GGI2004"
    default_hint = "try again when it is less busy, or allow more time (`timeout` in the configuration, in seconds)"


class NetBoxBusy(NetBoxAway):
    """NetBox, or the server before it, failed or asked to slow down, again and again."""

    code = "GGI2005"
    wait: float | None = None
    """Seconds that it asked to wait."""
    default_hint = "NetBox's own log says why; the same command can simply be run again"


class AnswerCutOff(NetBoxAway):
    """An answer of NetBox that ends before it is complete."""

    code = "GGI2006"
    default_hint = "a proxy between here and NetBox may limit time or size; the same command can simply be run again"


class CertificateRefused(NetBoxError):
    """NetBox's certificate is not one to trust."""

    code = "GGI2007"
    default_hint = "name the authority that signed it with GGI_NETBOX_CA (a PEM file), or `ca` in the configuration"


class TokenRefused(NetBoxError):
    """NetBox does not accept the token: unknown, expired, disabled, or used from elsewhere than it may."""

    code = "GGI2008"
    default_hint = "make a new token in NetBox (your name, API Tokens) and put it where the old one stands"


class RightMissing(NetBoxError):
    """The token is good, but may not do this."""

    code = "GGI2009"


class NotInNetBox(NetBoxError):
    """NetBox does not have that object or page."""

    code = "GGI2010"


class Rejection(msgspec.Struct, frozen=True):
    """One reason of NetBox. `index` is the object's position in a bulk request, `id` its id; either may be None."""

    index: int | None
    id: int | None
    field: str
    message: str

    def __str__(self) -> str:
        which = f"object {self.id}: " if self.id is not None else ""
        which = f"object number {self.index + 1}: " if self.index is not None else which
        return f"{which}{self.field}: {self.message}" if self.field else f"{which}{self.message}"


class NetBoxRejected(NetBoxError):
    """NetBox refuses what was written; each of its reasons is in the message, by object and field."""

    code = "GGI2011"
    reasons: tuple[Rejection, ...] = ()
    default_hint = "correct that and run the same command again"


class NothingFree(NetBoxRejected):
    """A prefix, range or group has nothing free left that NetBox could give out."""

    code = "GGI2012"
    default_hint = "release what is unused, or ask the federation for a larger pool in the next standard"


class StillUsed(NetBoxRejected):
    """What was to be deleted is in use by something else."""

    code = "GGI2013"
    default_hint = "remove that first, or keep both"


class ChangedMeanwhile(NetBoxError):
    """Somebody changed the object in NetBox after it was read; nothing was written."""

    code = "GGI2014"
    default_hint = "run the command again: it reads the object as it is now"


class NetBoxTooOld(NetBoxError):
    """A version of NetBox that the toolkit can't work with."""

    code = "GGI2015"
    default_hint = "upgrade NetBox to 4.5 or later; the toolkit is tested with 4.7"


class NotNetBox(NetBoxError):
    """What answers at that URL is not NetBox's API: a login page, another site, a page of a proxy."""

    code = "GGI2016"


class ReadInconsistent(NetBoxError):
    """NetBox changed so much during the read that what was read is not one moment's."""

    code = "GGI2017"
    exit_status = 4
    default_hint = "run it again when less is being written"


class SnapshotUnusable(NetBoxError):
    """There is no snapshot of NetBox, or it can't be read."""

    code = "GGI2018"
    default_hint = "make one with `ggi pull`, which takes NetBox"


class GemeenteLeftOut(NetBoxError):
    """Gemeenten whose data in NetBox is broken, where all were asked for (`--strict`)."""

    code = "GGI2019"
    default_hint = "correct them in NetBox, or go on without them by leaving out --strict"


class NetBoxLacks(NetBoxError):
    """An object that the contract lists is not in NetBox."""

    code = "GGI2021"


class ContractMissing(NetBoxError):
    """NetBox was not brought to the contract, or to an older version of it."""

    code = "GGI2022"


class ContractNewer(NetBoxError):
    """NetBox follows a newer version of the contract than this toolkit knows."""

    code = "GGI2023"
    default_hint = "upgrade the toolkit; an older one would not understand what it reads"


class ContractOther(NetBoxError):
    """What NetBox holds can't be brought to the contract without a decision of people."""

    code = "GGI2024"


class DoesNotFit(NetBoxError):
    """NetBox can't hold what the estate has; each reason is in the message."""

    code = "GGI2025"
    default_hint = "correct that in the estate and load it again; nothing was written"


class AnothersObject(NetBoxError):
    """An object that is to be written belongs to another tenant, or there is more than one of that name."""

    code = "GGI2026"


class BranchingMissing(NetBoxError):
    """NetBox can't make branches: it has no branching plugin, or no worker to carry its jobs out."""

    code = "GGI2031"
    default_hint = "install netboxlabs-netbox-branching and start NetBox's worker, or plan without --branch"


class BranchGone(NetBoxError):
    """The branch that a plan was written into is not there, or is another one by the same name."""

    code = "GGI2032"
    default_hint = "make the plan again with `ggi onboard plan --branch`"


class BranchConflict(NetBoxError):
    """What a branch has changed was changed in NetBox itself meanwhile."""

    code = "GGI2033"
    default_hint = "revert the branch (`ggi onboard revert`) and make the plan again"


class BranchFailed(NetBoxError):
    """NetBox could not provision, merge or revert a branch; what its job says is in the message."""

    code = "GGI2034"
    exit_status = 4
    default_hint = "the branch's page and NetBox's job log say more; the same command can be run again"


# -- logs of logins -------------------------------------------------------------------------------------


class LogError(GgiError):
    """A log, or the store of what was read from logs, can't be read or written."""

    code = "GGI2101"


class LogUnreadable(LogError):
    """A log file is gone, forbidden, or no file that can be read; the other files are read all the same."""

    code = "GGI2102"


class NoLogs(LogError):
    """There is nothing to read: no file of that name, or none that a pattern matches."""

    code = "GGI2103"


class LogSettings(LogError):
    """The settings of the logs (`logs.yml`) ask for something that can't be."""

    code = "GGI2104"


class LogEntryBroken(LogError):
    """The note by which a log is known again in the store can't be read."""

    code = "GGI2105"
    default_hint = "put that file back from a backup; without it that log would be read again from its beginning"


class LogsIncomplete(LogError):
    """Some of the logs could not be read, or not to their end; all that was read is stored."""

    code = "GGI2106"
    default_hint = (
        "each is named above with its reason; mend that and run the same command again, "
        "which reads only what is missing"
    )


class ListenFailed(LogError):
    """Log messages can't be received: the address is in use, or the certificate can't be used."""

    code = "GGI2107"


class BackfillFailed(LogError):
    """Workers that read old logs are not there, or some of their tasks failed."""

    code = "GGI2108"
    default_hint = "run the same command again: what was stored is not read twice"


class StoreMissing(LogError):
    """No store of logins in that folder, or none that can be used."""

    code = "GGI2120"


class StoreNewer(LogError):
    """The store was written by a newer version of the toolkit."""

    code = "GGI2121"
    default_hint = "update the toolkit on this machine as well"


class StoreDamaged(LogError):
    """A file of the store is gone or can't be read; nothing is answered from the rest of that day as if it were all."""

    code = "GGI2122"
    default_hint = "put that file back from a backup; other days can be asked for meanwhile with --since and --until"


class StoreLocked(LogError):
    """Somebody else is rearranging the store: only one can compact, expire or erase at a time."""

    code = "GGI2123"
    default_hint = "wait until it is done; a holder that died has lost its lock already"


class StoreKeyMissing(LogError):
    """A key that the store's identities are hashed with was not given: what it hashed could not be found."""

    code = "GGI2124"
    default_hint = (
        "give its reference in the settings and its value in the secrets backend, until its last day has gone"
    )


class StoreKeyWrong(LogError):
    """The value of a key is not the one that the store was written with."""

    code = "GGI2125"
    default_hint = "look in the secrets backend whether the value was replaced; a new key needs a new reference"


class ErasureRefused(LogError):
    """What was to be erased is not one person's: an anonymous identity, or no identity and no MAC address."""

    code = "GGI2126"
    default_hint = "give the whole identity of one person, or the MAC address of one device"


class CatalogueError(LogError):
    """The catalogue of causes contradicts itself: an id twice, or patterns whose order can't be told."""

    code = "GGI2140"
    default_hint = "correct that in ggi_net/authlog/causes/data"


class UnknownCause(LogError):
    """No cause of that id is in the catalogue."""

    code = "GGI2141"
    default_hint = "docs/causes.md lists them all"


class NotUnderstood(LogError):
    """What was typed in the search field is nothing that logins have."""

    code = "GGI2150"
    default_hint = (
        "type an identity (j.jansen@almelo.example), a MAC address in any notation, a realm, the name of a gemeente "
        "or a site, or the id of a login"
    )


class MomentUnclear(LogError):
    """A moment that can't be read."""

    code = "GGI2151"
    default_hint = "write it as 2d, 3h, 09:00, gisteren, 2026-11-23 or '2026-11-23 09:00'"


class TooFewLogins(LogError):
    """A number of made-up logins that makes no logs."""

    code = "GGI2170"


class LogFolderInUse(LogError):
    """The folder that made-up logs are to be written into holds something already."""

    code = "GGI2171"
    default_hint = "name a folder that is new or empty"


# -- pages ----------------------------------------------------------------------------------------------


class WebError(GgiError):
    """The pages can't be served as they are configured."""

    code = "GGI2201"


class WebSettings(WebError):
    """The settings of the pages contradict themselves, or are not safe to serve people with."""

    code = "GGI2202"


class AccessRefused(WebError):
    """Whoever asks has a role that may not see that."""

    code = "GGI2203"


class ReasonMissing(WebError):
    """A look-up without a reason: each is recorded with why it was made."""

    code = "GGI2204"
    default_hint = "say why: the number of the ticket, or a few words"


class LoginUnknown(WebError):
    """No login of that number, or none that whoever asks may see."""

    code = "GGI2205"
    default_hint = "check the number; logins are kept for a limited time"


class AuditFailed(WebError):
    """The audit log can't be read or written, and nothing is answered that is not recorded."""

    code = "GGI2206"


class AuditBroken(WebError):
    """The audit log is not as it was written: entries were changed, taken out or added by somebody else."""

    code = "GGI2207"
    exit_status = 2
    default_hint = "keep the folder as it is, and compare it with a copy and with the heads that were kept elsewhere"


class AccountProblem(WebError):
    """An account or an API token that is not there, or is there already."""

    code = "GGI2208"


class PasswordRefused(WebError):
    """A new password that is too easy to guess, or too long."""

    code = "GGI2209"
    default_hint = "at least 12 characters, at most 256; a few unrelated words are good"


class LogInRefused(WebError):
    """A name and a password that don't belong together, or an account that is closed. It doesn't say which."""

    code = "GGI2210"


class TooMany(WebError):
    """More requests in a short time than one person makes."""

    code = "GGI2211"
    wait: float = 60.0
    """Seconds until the next one is answered."""
    default_hint = "wait a moment and try again"


class ProviderAway(WebError):
    """The provider of log-ins (OpenID Connect) can't be reached, or answers with something else."""

    code = "GGI2212"
    exit_status = 4
    default_hint = "is the provider up, and is the issuer in the settings right?"


class ProviderRefused(WebError):
    """What the provider of log-ins says of somebody can't be believed, or gives no role here."""

    code = "GGI2213"


class NotLoggedIn(WebError):
    """Somebody has to log in first, or a program to show its token."""

    code = "GGI2214"


class FormRefused(WebError):
    """A form that did not come from our own page, or from one that is too old."""

    code = "GGI2215"
    default_hint = "open the page again and send it once more"


class AnotherHost(WebError):
    """A request for a site of another name: nothing of these pages is for it."""

    code = "GGI2216"
    default_hint = "use the address that stands in the settings"


class RequestWrong(WebError):
    """A request that no page or program of ours makes: a value of the wrong form, or a body that is too large."""

    code = "GGI2217"


class LoginTestMisconfigured(WebError):
    """A test of logging in can't be made from this host."""

    code = "GGI2230"


class ChartFailed(WebError):
    """A chart can't be drawn from these figures."""

    code = "GGI2231"
    default_hint = "the table below it has the same figures"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `, did you mean 'x'?` for the closest known word, or an empty string when none is close."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f", did you mean '{found[0]}'?" if found else ""
