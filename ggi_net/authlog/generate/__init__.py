"""Logs of a national federation that never was: realistic, of any size, the same for the same seed.

    generate(folder, day, logins, seed) -> Summary

Every hop writes as its product does: FreeRADIUS at visited and home organisations (`govroam.json`, `radius.log`),
Microsoft NPS at some homes, hostapd at some sites, radsecproxy with F-Ticks at the federation. `truth.csv` says what
really was the matter, so that tests can count how many causes are found. All names are made up, and all domains end
in `.example`.
"""
