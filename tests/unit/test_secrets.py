"""Secrets: values come from a backend, live in memory, and are never shown."""

import stat
import threading

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from hypothesis import given
from hypothesis import strategies as st

from ggi_net.config import cisco
from ggi_net.errors import FileMissing, GgiError, PushError, SecretError
from ggi_net.push.connections import Connection, Connections, read_connections, write_connections
from ggi_net.secrets import LabSecrets, MappingSecrets, Masker, NoSecrets, Resolver, open_backend, read_vault

REFERENCE = "secret://almelo/bgp/almelo-01-asd"
VALUE = "correct-horse-battery"


@pytest.fixture
def vault(tmp_path):
    """An Ansible Vault file with its password file."""
    (tmp_path / "password").write_text("vault password\n")
    lib = VaultLib([("default", VaultSecret(b"vault password"))])
    (tmp_path / "secrets.yml").write_bytes(lib.encrypt(f'"{REFERENCE}": {VALUE}\n'))
    return tmp_path / "secrets.yml", tmp_path / "password"


class TestVault:
    def test_a_reference_is_resolved_in_a_text(self, vault):
        resolver = Resolver(open_backend(str(vault[0]), vault[1]))
        assert resolver.resolve(f"neighbor x password {REFERENCE}\n") == f"neighbor x password {VALUE}\n"

    def test_the_password_file_may_come_from_the_environment(self, vault, monkeypatch):
        monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(vault[1]))
        assert read_vault(vault[0]).value(REFERENCE) == VALUE

    def test_an_unknown_reference_is_named_with_the_nearest(self, vault):
        with pytest.raises(SecretError, match="did you mean 'secret://almelo/bgp/almelo-01-asd'"):
            read_vault(*vault).value("secret://almelo/bgp/almelo-01-adm")

    @pytest.mark.parametrize("password", ["wrong\n", "\n", None])
    def test_without_the_right_password_it_stays_closed(self, vault, password):
        if password is None:
            vault[1].unlink()
        else:
            vault[1].write_text(password)
        with pytest.raises((SecretError, FileMissing)) as raised:
            read_vault(*vault)
        assert VALUE not in str(raised.value)

    @pytest.mark.parametrize(
        "content", ["- a\n", "a: b\n", f'"{REFERENCE}": 12\n', "a: [\n", f'"{REFERENCE}": {VALUE}: x\n']
    )
    def test_a_broken_content_is_refused_without_showing_it(self, tmp_path, content):
        file = tmp_path / "secrets.yml"
        file.write_text(content)
        file.chmod(0o600)
        with pytest.raises(SecretError) as raised:
            read_vault(file)
        assert VALUE not in str(raised.value)

    def test_an_open_file_that_others_can_read_is_refused(self, tmp_path):
        file = tmp_path / "secrets.yml"
        file.write_text(f'"{REFERENCE}": {VALUE}\n')
        file.chmod(0o644)
        with pytest.raises(SecretError, match="others can read it"):
            read_vault(file)


class TestLab:
    def test_the_values_of_a_lab_stay_and_those_of_another_differ(self, tmp_path):
        first = LabSecrets.create(tmp_path / "a")
        assert LabSecrets.read(tmp_path / "a").value(REFERENCE) == first.value(REFERENCE)
        assert LabSecrets.create(tmp_path / "b").value(REFERENCE) != first.value(REFERENCE)
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


@pytest.mark.parametrize("value", ["", "two\nlines", "é", " around ", "tab\tinside"])
def test_a_value_that_could_add_a_line_is_refused(value):
    with pytest.raises(SecretError) as raised:
        Resolver(MappingSecrets({REFERENCE: value}, "x")).resolve(f"key {REFERENCE}")
    assert REFERENCE in str(raised.value)


def test_without_a_backend_a_reference_says_what_to_do():
    with pytest.raises(SecretError, match="--secrets"):
        Resolver(NoSecrets()).value(REFERENCE)


class TestMasker:
    @given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40), st.text(max_size=30))
    def test_a_known_value_never_passes(self, value, around):
        mask = Masker({REFERENCE: value})
        assert value not in mask(f"{around}{value}{around}").replace(REFERENCE, "")

    @pytest.mark.parametrize(
        "line",
        [
            "username eve password 0 Hunter-22",
            "snmp-server community Hunter-22 ro",
            " secret = Hunter-22",
            'secret "Hunter-22"',
            "neighbor 192.0.2.1 password Hunter-22",
            " pre-shared-key Hunter-22",
            "  key-string 7 Hunter-22",
        ],
    )
    def test_what_looks_like_a_secret_is_masked(self, line):
        assert "Hunter-22" not in Masker()(line)
        assert "<secret>" in Masker()(line)

    @pytest.mark.parametrize(
        "line", ["service password-encryption", f"LogKey {REFERENCE}", "transport input ssh", "no password"]
    )
    def test_what_is_none_stays(self, line):
        assert Masker()(line) == line


class TestConnections:
    KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0Zb0h1tKd0oU6mQ5bq4bXyqZ8l8c3vW1m9z6dM2x0k"

    def test_a_written_file_is_read_back_and_closed(self, tmp_path):
        made = Connections(devices={"ce-a-01": Connection(host="127.0.0.1", host_key=self.KEY, password="p")})
        write_connections(tmp_path / "c.json", made)
        assert read_connections(tmp_path / "c.json") == made
        assert stat.S_IMODE((tmp_path / "c.json").stat().st_mode) == 0o600

    def test_passwords_that_others_can_read_are_refused(self, tmp_path):
        made = Connections(devices={"ce-a-01": Connection(host="127.0.0.1", host_key=self.KEY, password="p")})
        write_connections(tmp_path / "c.json", made)
        (tmp_path / "c.json").chmod(0o644)
        with pytest.raises(PushError, match="others than you"):
            read_connections(tmp_path / "c.json")

    def test_what_is_no_host_key_is_refused(self, tmp_path):
        (tmp_path / "c.json").write_text('{"devices": {"ce-a-01": {"host": "x", "host_key": "none"}}}')
        with pytest.raises(GgiError, match="host_key"):
            read_connections(tmp_path / "c.json")


class TestCisco:
    """The published examples of hashcat (modes 9200 and 9300) and of Cisco's type 7."""

    def test_each_form_is_recognised(self):
        assert cisco.encode_type7("cisco", 2) == "02050D480809"
        assert cisco.shows("02050D480809", "cisco")
        assert cisco.shows("$8$TnGX/fE4KGHOVU$pEhnEvxrvaynpi8j4f.EMHr6M.FzU8xnZnBr/tJdFWk", "hashcat")
        assert cisco.shows("$9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo6", "hashcat")
        assert not cisco.shows("$9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo6", "other")

    @given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1), st.integers(0, 15))
    def test_type_7_can_be_undone(self, secret, seed):
        assert cisco.decode_type7(cisco.encode_type7(secret, seed)) == secret

    @given(st.text())
    def test_no_text_breaks_the_decoder(self, text):
        cisco.decode_type7(text)


class _Anything:
    """A backend that has a value for every reference."""

    def value(self, reference: str) -> str:
        return f"value-of-{reference.rpartition('/')[2]}"


def test_a_masker_is_made_anew_only_when_there_is_more_to_mask():
    resolver = Resolver(_Anything())
    resolver.value("secret://almelo/a")
    masker = resolver.masker
    resolver.value("secret://almelo/a")
    assert resolver.masker is masker
    resolver.value("secret://almelo/b")
    assert "value-of-b" not in resolver.masker("the value-of-b is out")


def test_values_may_be_given_out_while_others_mask():
    resolver, wrong = Resolver(_Anything()), []

    def work(thread: int) -> None:
        try:
            for number in range(150):
                resolver.value(f"secret://almelo/{thread}-{number}")
                said = resolver.masker(f"x value-of-{thread}-{number} y")
                if f"value-of-{thread}-{number} " in said:
                    wrong.append(said)
        except RuntimeError as error:
            wrong.append(str(error))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
