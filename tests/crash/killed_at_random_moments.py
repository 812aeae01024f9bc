"""Killed again and again at random moments, with reloads, drains and new input between, the runs end with
what the truth says."""
import os
import signal
import subprocess
import time

from fleet import Fleet, Wrong, play

RECORDS_A_KILL = 9000
KILLS_A_FLEET = 50


def touch_registry(fleet, dice):
    """The registry reads otherwise from now on and means the same, so a reload loads it anew."""
    with open(fleet.path('subjects.csv'), 'rb') as file:
        head, *rows = file.read().splitlines(keepends=True)
    order = {row.split(b',')[1]: dice.random() for row in rows}   # of rows of one SIM the earlier wins
    rows.sort(key=lambda row: order[row.split(b',')[1]])
    beside = fleet.path('subjects.new')
    with open(beside, 'wb') as file:
        file.writelines([head] + rows)
    os.rename(beside, fleet.path('subjects.csv'))


def moment(dice):
    """Seconds until the kill: a quarter while it opens, the rest while it works."""
    return dice.uniform(0.0, 0.06) if dice.random() < 0.25 else dice.uniform(0.03, 0.45)


def one_life(fleet, dice, count):
    """One process, from start to kill; False when it ended before."""
    process = fleet.start('run', '--quiet', stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    until = time.monotonic() + moment(dice)
    event = dice.random()
    if event < 0.3:
        time.sleep(dice.uniform(0, max(0, until - time.monotonic())))
        if event < 0.15:
            touch_registry(fleet, dice)
        process.send_signal(signal.SIGHUP if event < 0.2 else signal.SIGTERM)
        count['reloads' if event < 0.2 else 'drains'] += 1
    if dice.random() < 0.3:
        fleet.give(min(1.0, fleet.share + 0.05))
    time.sleep(max(0, until - time.monotonic()))
    process.kill()
    _, err = process.communicate()
    if process.returncode == -signal.SIGKILL:
        return True
    if process.returncode not in (0, 75, -signal.SIGTERM, -signal.SIGHUP):
        raise Wrong(f'ended by itself with {process.returncode}: {err[-400:]}')
    return False


def one_fleet(stage, number, kills, count):
    """As many kills as asked for; input is given as they land."""
    dice = stage.random
    fleet = Fleet.generate(stage.path(f'fleet-{number}'), 1500, RECORDS_A_KILL * kills, dice.randrange(1 << 31))
    fleet.configure(commit=f'{{ records: {dice.choice([1024, 2000, 8000])}, interval: 50ms }}',
                    files=f'{{ size: {dice.choice(["64KiB", "4MiB"])} }}')
    fleet.hold_back(0.3)
    landed = 0
    try:
        while landed < kills:
            if one_life(fleet, dice, count):
                landed += 1
                count['kills'] += 1
            else:
                count['ended'] += 1
                fleet.give(min(1.0, fleet.share + 0.2))
                if fleet.share >= 1.0 and count['ended'] > 2 * kills:
                    break
            stage.progress(f'{count["kills"]} of {stage.rounds} kills')
        fleet.give(1.0)
        fleet.finish()
        fleet.check()
        subprocess.run(['rm', '-rf', fleet.folder], check=True)
    except Wrong as wrong:
        stage.wrong(f'fleet {number} after {landed} kills', wrong, fleet)
    return landed


def scene(stage):
    count = {'kills': 0, 'ended': 0, 'reloads': 0, 'drains': 0}
    fleets = 0
    while count['kills'] < stage.rounds and not stage.failures:
        one_fleet(stage, fleets, min(KILLS_A_FLEET, stage.rounds - count['kills']), count)
        fleets += 1
    return (f'{count["kills"]} kills, {count["drains"]} drains and {count["reloads"]} reloads in {fleets} fleets; '
            f'{count["ended"]} runs ended before their kill')


play('killed_at_random_moments', scene)
