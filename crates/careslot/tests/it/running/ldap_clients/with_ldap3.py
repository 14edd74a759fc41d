"""Python's ldap3 against the directory: schema, both look-ups, paging, comparison, WhoAmI, and what it refuses.

stdin: {"url", "ca", "cert", "key"}; without "ca" the connection is plain. The last line of stdout is "done".
"""

import json
import ssl
import sys

import ldap3
from ldap3.core.exceptions import LDAPExceptionError

told = json.load(sys.stdin)
tls = None
if "ca" in told:
    tls = ldap3.Tls(
        ca_certs_file=told["ca"],
        local_certificate_file=told["cert"],
        local_private_key_file=told["key"],
        validate=ssl.CERT_REQUIRED,
        version=ssl.PROTOCOL_TLS_CLIENT,
    )
server = ldap3.Server(told["url"], tls=tls, get_info=ldap3.ALL, connect_timeout=20)
connection = ldap3.Connection(server, auto_bind=ldap3.AUTO_BIND_NO_TLS, receive_timeout=20, check_names=True)

# The root DSE and the schema are read and understood: check_names above lets through only names that the schema has.
assert server.info.naming_contexts == ["o=nhs"], server.info.naming_contexts
assert any(oid[0] == "1.2.840.113556.1.4.319" for oid in server.info.supported_controls)
rule = server.schema.attribute_types["nhsMhsSvcIA"]
assert (rule.equality, rule.single_value) == (["caseExactMatch"], True), rule
assert "nhsMHSPartyKey" in server.schema.object_classes["nhsAs"].must_contain
assert server.schema.matching_rules and server.schema.ldap_syntaxes

base = "ou=services,o=nhs"
assert connection.search(base, "(uniqueIdentifier=918999198999)", attributes=ldap3.ALL_ATTRIBUTES)
party_key = connection.entries[0].nhsMHSPartyKey.value
interaction = "urn:nhs:names:services:careconnect:fhir:rest:search:slot"
assert connection.search(base, f"(&(nhsMHSPartyKey={party_key})(nhsMhsSvcIA={interaction}))", attributes=["nhsMHSEndPoint"])
print("endpoint", connection.entries[0].nhsMHSEndPoint.value)

# Pages of three until nothing is left, against one search for all.
connection.search(base, "(nhsIDCode=A91545)", attributes=["1.1"])
everything = {entry.entry_dn for entry in connection.entries}
pages = connection.extend.standard.paged_search(base, "(nhsIDCode=A91545)", attributes=["1.1"], paged_size=3)
assert {entry["dn"] for entry in pages} == everything and len(everything) > 3

assert not connection.search(base, "(nhsMhsFQDN=localhost)") and connection.result["result"] == 0
connection.search(base, "(objectClass=*)", size_limit=2)
assert connection.result["result"] == 4 and len(connection.entries) == 2, connection.result
connection.search("uniqueIdentifier=000000000000,ou=Services,o=nhs", "(objectClass=*)", ldap3.BASE)
assert (connection.result["result"], connection.result["dn"]) == (32, "ou=Services,o=nhs"), connection.result
system = "uniqueIdentifier=918999198999,ou=Services,o=nhs"
assert connection.compare(system, "nhsMHSPartyKey", party_key.lower())
assert connection.extend.standard.who_am_i() in (None, "")
connection.delete(system)
assert connection.result["result"] == 53, connection.result
if tls is None:
    try:
        assert not connection.start_tls()
    except LDAPExceptionError:
        pass
connection.unbind()
for version, password, expected in [(3, "wrong", 49), (2, None, 2)]:
    user = "cn=admin,o=nhs" if password else None
    method = ldap3.SIMPLE if password else ldap3.ANONYMOUS
    plain = ldap3.Server(told["url"], tls=tls, get_info=ldap3.NONE)
    other = ldap3.Connection(plain, user, password, version=version, authentication=method, receive_timeout=20)
    assert not other.bind() and other.result["result"] == expected, other.result
print("done")
