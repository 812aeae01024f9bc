#!/usr/bin/env python3
"""Records with a canary in every byte run that a stranger can choose.

    canary.py make FOLDER        FOLDER/json, FOLDER/csv, FOLDER/raw; what it planted on standard output
    canary.py look PLANTED FILE...   whether one of them stands in the files, in any spelling

Mutations: unknown, renamed, duplicated, oversized and wrongly typed fields,
nesting, escapes within identifiers, broken and overlong UTF-8, NUL, BOM,
numbers beyond all bounds, arrays for objects, records of no known version.
"""
import base64
import json
import os
import sys

count = 0
planted = []


def canary():
    """A word that stands nowhere else, and reads like a field's name."""
    global count
    count += 1
    word = "kanari" + "".join(chr(97 + count // 26**k % 26) for k in range(3)) + "vogel"
    planted.append(word)
    return word


def good(number, **more):
    return {"id": number, "imsi": "001010000000001", "organisation": {"id": 10001},
            "traffic_type": {"id": 5, "description": "Data"}, "volume": {"rx": 0.25, "tx": 0.5},
            "start_timestamp": "2026-10-26T11:53:43Z", "end_timestamp": "2026-10-26T12:08:43Z",
            "sim": {"iccid": "8999010000000000011"}, **more}


def text(record):
    return json.dumps(record).encode()


def changed(number, old, new):
    """A good record's text with a part replaced by bytes that JSON may not have."""
    whole = text(good(number))
    old = old if isinstance(old, bytes) else old.encode()
    assert whole.count(old) == 1, old
    return whole.replace(old, new if isinstance(new, bytes) else new.encode())


def dropped(number):
    """Lines that are routed, without what no format knows."""
    deep = canary()
    for _ in range(10):
        deep = {"a": deep}
    long_name = "imsi_of_" + canary() * 6
    yield b"\xef\xbb\xbf" + text(good(number, weather=canary()))   # the file's first bytes
    yield text(good(number + 1, **{"00101" + canary(): canary()}))
    yield text(good(number + 2, Imsi=canary(), IMSI=canary(), imsi_=canary()))
    yield text(good(number + 3, **{long_name: canary()}))
    yield text(good(number + 4, deep=deep))
    yield text(good(number + 5, list=[canary()] * 5, nothing=[[canary()]], table={canary(): canary()}))
    yield text(good(number + 6, tariff={"name": canary()}, endpoint={"name": canary(), "tags": canary()}))
    yield text(good(number + 7, user=canary(), description=canary(), **{"we\u00efrd " + canary(): 1}))
    yield changed(number + 8, '"imsi"', '"unknown": "' + canary() + '\\u0000\\u0030\\ud83d\\ude00", "im\\u0073i"')


def quarantined(number):
    """Lines that are not: the canary is where a value should be, or beside a fault."""
    imsi = '"001010000000001"'
    yield changed(number, imsi, f'"{canary()}"')
    yield changed(number + 1, imsi, f'["{canary()}"]')
    yield changed(number + 2, imsi, f'{{"imsi": {{"{canary()}": 1}}}}')
    yield changed(number + 3, '"imsi"', f'"imsi": "{canary()}", "imsi"')
    yield changed(number + 4, imsi, b'"001010000\xc0\xb0' + canary().encode() + b'"')
    yield changed(number + 5, imsi, b'"\xff\xfe' + canary().encode() + b'"')
    yield changed(number + 6, imsi, b'"00101\x00' + canary().encode() + b'"')
    yield changed(number + 7, imsi, f'"\\ud800{canary()}"')
    yield changed(number + 8, '0.25', f'"{canary()}"')
    for i, value in enumerate(["-1", "NaN", "-0.0000001", "1e400", "9" * 400, "1e-400", "0x10", "1,5", "true", "[1]",
                               "18446744073709551616", "+1", ".5", "1e", "-"]):
        yield changed(number + 9 + i, '0.25', f'{value}, "z": "{canary()}"')
    yield changed(number + 30, '{"rx"', '[{"' + canary() + '":1}], "v": {"rx"')
    yield changed(number + 31, '{"id": 10001}', f'["{canary()}"]')
    yield changed(number + 32, '2026-10-26T11:53:43Z', canary())
    yield changed(number + 33, '2026-10-26T12:08:43Z', '2026-10-26T12:08:43Z ' + canary())
    yield changed(number + 34, '8999010000000000011', '899901000000000001' + canary())
    yield changed(number + 35, '"id": 5', f'"id": "{canary()}"')
    yield changed(number + 36, '10001', f'"{canary()}"')
    yield b'{"a":' * 20 + text(canary()) + b"}" * 20
    yield text([canary(), good(number + 37)])[:-1]
    yield text(good(number + 38, big=canary() * 6000))
    yield b"\xef\xbb\xbf" * 2 + text(good(number + 39, beside=canary()))
    yield text(good(1)) + canary().encode()   # the bystander, and what is wrong behind it
    yield b'{"' + canary().encode() + b'": 1'
    yield canary().encode()
    yield text(canary())
    yield text({"version": 99, "00101" + canary(): canary()})
    yield b'{"event_type": {"id": 3}, ' + text(good(number + 40, x=canary()))[1:]
    yield changed(number + 41, imsi, '"' + canary() * 8000 + '"')


def make_json(folder):
    os.makedirs(folder)
    kept, sealed = list(dropped(100)), list(quarantined(1000))
    with open(f"{folder}/kept.ndjson", "wb") as file:
        file.write(b"\n".join(kept) + b"\n")
    # One line a file, so that what one breaks is no other's.
    for i, line in enumerate(sealed):
        with open(f"{folder}/sealed-{i}.ndjson", "wb") as file:
            file.write(line + b"\n")
    with open(f"{folder}/zz-{canary()}.ndjson", "wb") as file:
        file.write(text(good(1)) + b"\n")
    planted.pop()   # a file's name is told
    return len(kept) + 1, len(sealed) + 1   # the bystander comes twice: one is the duplicate


CSV = "id,imsi,begun,region,up"


def make_csv(folder):
    os.makedirs(folder)
    rows = [f"c{i},001010000000001,2026-10-26T11:53:43Z,{canary()},1,{canary()}" for i in range(3)]
    bad = [f"{canary()},{canary()},2026-10-26T11:53:43Z,DE,1,x", f"b1,001010000000001,{canary()},DE,1,x",
           f"b2,001010000000001,2026-10-26T11:53:43Z,DE,{canary()},x", f"b3,{canary()}",
           f'b4,"{canary()}"{canary()},2026-10-26T11:53:43Z,DE,1,x', "b5," + canary() + "\x00,,,,",
           f"b6,001010000000001,2026-10-26T11:53:43Z,DE,-1e999,{canary()}"]
    with open(f"{folder}/a.csv", "w", encoding="utf-8") as file:
        file.write(f"{CSV},{canary()}1234567\n" + "\n".join(rows + bad) + "\n")
    with open(f"{folder}/zz.csv", "w", encoding="utf-8") as file:
        file.write(f"{CSV}\nc9,001010000000001,2026-10-26T11:53:43Z,DE,1\n")
    return len(rows) + 1, len(bad)


def field(number, value):
    head = bytes([number << 3 & 0x7f | 2]) if number < 16 else bytes([(number << 3 | 2) & 0x7f | 0x80, number >> 4])
    return head + varint(len(value)) + value


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def make_raw(folder):
    """Raw records of nothing but canaries: text in every field, twice, and in fields that nobody knows."""
    os.makedirs(folder)
    batch = b""
    for number in range(1, 70):
        batch += field(1, field(number, canary().encode()) * 2 + field(900, canary().encode()))
    batch += field(1, b"\xff" + canary().encode()) + field(7, canary().encode()) + field(1, field(3, b"\xc0\xb0" + canary().encode()))
    with open(f"{folder}/a.pb", "wb") as file:
        file.write(batch)
    return 0, 71


def spellings(word):
    raw = word.encode()
    middle = raw[3:]   # of base64, whatever stands before it
    yield raw
    yield raw[::-1]
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield word.encode("utf-16-le")
    for shift in range(3):
        yield base64.b64encode(b"x" * shift + raw)[4:-4]
    yield middle


def look(told, files):
    with open(told, encoding="ascii") as file:
        words = file.read().split()
    found = 0
    for name in files:
        with open(name, "rb") as file:
            held = file.read()
        for word in words:
            if any(spelling in held for spelling in spellings(word)):
                print(f"{word} stands in {name}")
                found += 1
    print(f"{len(words)} canaries, {len(files)} files, {found} found", file=sys.stderr)
    sys.exit(found > 0)


def main():
    if sys.argv[1] == "look":
        look(sys.argv[2], sys.argv[3:])
    folder = sys.argv[2]
    for form, make in [("json", make_json), ("csv", make_csv), ("raw", make_raw)]:
        kept, sealed = make(f"{folder}/{form}")
        with open(f"{folder}/{form}.counts", "w", encoding="ascii") as file:
            file.write(f"{kept} {sealed}\n")
    print("\n".join(planted))


if __name__ == "__main__":
    main()
