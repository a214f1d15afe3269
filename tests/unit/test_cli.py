"""The entry of the command line: what is imported, what a failure looks like, what the shell completes."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import types

import pytest
import typer

from ggi_net.cli.main import JOBS, main
from ggi_net.errors import FileMissing, Place

HEAVY = {"ansible", "asyncssh", "cryptography", "jinja2", "netmiko", "paramiko", "netbox", "yaml"}


@pytest.fixture
def lab(monkeypatch):
    """Put a job in the place of `ggi lab`."""

    def put(job):
        module = types.ModuleType("ggi_net.cli.lab")
        module.app = typer.Typer()
        module.app.command()(job)
        monkeypatch.setitem(sys.modules, "ggi_net.cli.lab", module)

    return put


@pytest.fixture
def run(capsys, lab):
    """Run `ggi` with the arguments; `job`, when given, takes the place of `ggi lab`."""

    def run(*arguments, job=None):
        if job is not None:
            lab(job)
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return stopped.value.code or 0, printed.out, printed.err

    return run


def python(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=os.environ | {"COLUMNS": "120"} | environment,
    )


def raising(error):
    def job() -> None:
        raise error

    return job


class TestHelp:
    def test_lists_every_job(self, run):
        status, out, _ = run("--help")
        assert status == 0
        for name, job in JOBS.items():
            assert name in out
            assert job.summary.split(",")[0].split(":")[0] in out

    def test_imports_nothing_heavy(self):
        program = (
            "import sys; from ggi_net.cli.main import main\n"
            "try: main(['--help'])\n"
            "except SystemExit: print('\\nloaded', *sorted({m.partition('.')[0] for m in sys.modules}))"
        )
        loaded = set(python("-c", program).stdout.splitlines()[-1].split())
        assert "typer" in loaded
        assert not loaded & HEAVY

    def test_the_names_of_the_jobs_need_not_be_imported_to_list_them(self):
        program = (
            "import sys; from ggi_net.cli.main import main\n"
            "try: main(['--help'])\n"
            "except SystemExit: print('\\nloaded', *(m for m in sys.modules if m.startswith('ggi_net.cli.')))"
        )
        assert python("-c", program).stdout.splitlines()[-1].split() == ["loaded", "ggi_net.cli.main"]

    @pytest.mark.parametrize("name", JOBS)
    def test_every_job_explains_itself(self, run, name):
        status, out, _ = run(name, "--help")
        assert status == 0
        assert f"ggi {name}" in out

    def test_completion_is_offered_once(self, run):
        assert "--install-completion" in run("--help")[1]
        assert "--install-completion" not in run("render", "--help")[1]

    def test_no_arguments_show_the_help(self, run):
        status, out, err = run()
        assert status == 2
        assert "onboard" in out + err

    def test_version(self, run):
        assert run("--version")[:2] == (0, "ggi 0.1.0\n")

    def test_as_a_module(self):
        shown = python("-m", "ggi_net", "--version")
        assert (shown.returncode, shown.stdout) == (0, "ggi 0.1.0\n")


class TestUsage:
    def test_unknown_command(self, run):
        status, _, err = run("frobnicate")
        assert status == 2
        assert "No such command 'frobnicate'" in err

    def test_the_nearest_command_is_named(self, run):
        status, _, err = run("rendr")
        assert status == 2
        assert "Did you mean 'render'?" in err

    def test_unknown_option(self, run):
        status, _, err = run("--frobnicate")
        assert status == 2
        assert "No such option" in err

    def test_a_control_character_in_a_command_does_not_reach_the_terminal(self, run):
        _, _, err = run("x\x1b[31mred")
        assert "\x1b[31mred" not in err


class TestFailures:
    def test_an_error_says_where_and_what_to_do(self, run):
        error = FileMissing("no such file", place=Place("a.yml", 3), hint="check the path")
        assert run("lab", job=raising(error)) == (1, "", "GGI1002 a.yml:3: no such file\n  hint: check the path\n")

    def test_the_status_of_a_job_is_the_status_of_ggi(self, run):
        assert run("lab", job=raising(typer.Exit(3)))[0] == 3

    def test_interrupted(self, run):
        status, _, err = run("lab", job=raising(KeyboardInterrupt()))
        assert status == 130
        assert err.strip().startswith("GGI1903 interrupted")

    def test_interrupted_by_a_real_signal(self):
        program = (
            "import os, signal, sys, types, typer\n"
            "from ggi_net.cli.main import main\n"
            "job = types.ModuleType('job'); job.app = typer.Typer()\n"
            f"job.app.command()(lambda: os.kill(os.getpid(), {int(signal.SIGINT)}))\n"
            "sys.modules['ggi_net.cli.lab'] = job; main(['lab'])"
        )
        done = python("-c", program)
        assert (done.returncode, done.stderr.split()[:2]) == (130, ["GGI1903", "interrupted"])

    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
    def test_a_full_disk(self, run, number):
        status, _, err = run("lab", job=raising(OSError(number, os.strerror(number), "/x/y")))
        assert status == 1
        assert err.startswith("GGI1902 /x/y: no space left on the disk\n  hint: free some space")

    def test_a_missing_right(self, run):
        status, _, err = run("lab", job=raising(PermissionError(errno.EACCES, "Permission denied", "/x/y")))
        assert status == 1
        assert err.startswith("GGI1901 /x/y: permission denied\n  hint:")

    @pytest.mark.parametrize("error", [OSError(errno.EMFILE, "Too many open files"), TimeoutError(), MemoryError()])
    def test_other_refusals_of_the_machine(self, run, error):
        status, _, err = run("lab", job=raising(error))
        assert status == 1
        assert err.startswith("GGI1901 ")
        assert "hint:" in err

    def test_a_mistake_of_ours_keeps_its_traceback(self, lab):
        lab(raising(ZeroDivisionError()))
        with pytest.raises(ZeroDivisionError):
            main(["lab"])

    def test_a_reader_that_went_away_is_no_error(self):
        done = subprocess.run(
            [f"{sys.executable} -m ggi_net estate show --help | true; echo ${{PIPESTATUS[0]}}"],
            shell=True,
            executable="/bin/bash",
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.stderr == ""

    def test_a_terminal_without_unicode_gets_escapes(self):
        done = python("-m", "ggi_net", "--help", PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
        assert done.returncode == 0
        assert "onboard" in done.stdout


class TestCompletion:
    def test_bash_completes_jobs(self):
        done = python("-m", "ggi_net", _GGI_COMPLETE="complete_bash", COMP_WORDS="ggi re", COMP_CWORD="1")
        assert done.stdout.split() == ["render"]

    def test_bash_completes_the_options_of_a_job_that_is_imported_late(self):
        done = python("-m", "ggi_net", _GGI_COMPLETE="complete_bash", COMP_WORDS="ggi render --gem", COMP_CWORD="2")
        assert done.stdout.split() == ["--gemeente"]

    def test_zsh_completes_sub_commands(self):
        done = python("-m", "ggi_net", _GGI_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS="ggi estate gen")
        assert "generate" in done.stdout
