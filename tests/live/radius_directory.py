"""A directory for almelo's users: OpenLDAP over LDAPS, in a namespace in almelo's office network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radius_chain import PASSWORD
from radius_servers import Namespace, resolved, wait_until

from ggi_net.lab.pki import Authority

if TYPE_CHECKING:
    from radius_chain import Chain

NAME = "ldap.almelo.example"
ADDRESS = "198.18.0.20"
BASE = "dc=almelo,dc=example"
# The NT hash of PASSWORD (MS-NLMP 3.3.1), by smbencrypt.
NT_HASH = "F80B97C3FDCCE12D40B92F41A5055F84"

# Samba's own schema is not among Debian's files; of it only the attribute that RADIUS reads.
_CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.3.6.1.4.1.7165.2.1.25 NAME 'sambaNTPassword'
  EQUALITY caseIgnoreIA5Match SYNTAX 1.3.6.1.4.1.1466.115.121.1.26{{32}} SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.7165.2.2.6 NAME 'sambaSamAccount' SUP top AUXILIARY MAY sambaNTPassword )
attributetype ( 1.2.840.113556.1.4.656 NAME 'userPrincipalName'
  EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9 NAME 'adUser' SUP top AUXILIARY MAY userPrincipalName )
pidfile {folder}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
database mdb
suffix "{base}"
directory {folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=govroam,{base}" read by anonymous auth by * none
"""

_ENTRIES = """\
dn: {base}
objectClass: dcObject
objectClass: organization
dc: almelo
o: Almelo

dn: cn=govroam,{base}
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: govroam
userPassword: {secret}

dn: cn=jan,{base}
objectClass: inetOrgPerson
objectClass: sambaSamAccount
objectClass: adUser
cn: jan
sn: jan
userPrincipalName: jan@almelo.example
sambaNTPassword: {nt_hash}
userPassword: {password}

dn: cn=piet,{base}
objectClass: inetOrgPerson
cn: piet
sn: piet
mail: piet@losser.example
userPassword: {password}
"""


class Directory:
    """The running directory; almelo's RADIUS server finds it by its name and trusts its authority."""

    def __init__(self, chain: Chain) -> None:
        folder = chain.folder / "directory"
        (folder / "data").mkdir(parents=True)
        authority = Authority("Almelo")
        certificate, key = authority.issue(NAME)
        for name, content in (("ca.pem", authority.pem), ("server.pem", certificate), ("server.key", key)):
            (folder / name).write_bytes(content)
        configuration = folder / "slapd.conf"
        configuration.write_text(_CONFIGURATION.format(folder=folder, base=BASE))
        secret = resolved("secret://almelo/ldap/govroam")
        entries = _ENTRIES.format(base=BASE, secret=secret, nt_hash=NT_HASH, password=PASSWORD)
        self.space = Namespace("directory")
        chain.spaces.append(self.space)
        chain.hub.connect(self.space)
        self.space.address(ADDRESS)
        self.space.run("slapadd", "-f", str(configuration), stdin=entries)
        self.space.start(
            "slapd", folder / "log", "slapd", "-d", "0", "-f", str(configuration), "-h", f"ldaps://{ADDRESS}"
        )
        wait_until(self._listens, 10, "the directory")
        home = chain.servers["radius-almelo-01"]
        home.write("/etc/hosts", f"{ADDRESS} {NAME}\n")
        home.cover("/etc/hosts")
        home.write("/etc/ggi/pki/ldap-ca.pem", authority.pem)

    def _listens(self) -> bool:
        return ":636 " in self.space.run("ss", "-Htln").stdout
