#!/usr/bin/env python3
"""The known vectors of HandshakeVectorTests, from the WireGuard paper (section 5.4), RFC 7748, RFC 8439 and
draft-irtf-cfrg-xchacha alone. It shares no code with Meshover, and no library but hashlib and hmac. Prints them; nothing reads it."""
import hashlib
import hmac
import struct

P = 2**255 - 19


def x25519(scalar, point):  # RFC 7748, section 5
    k = bytearray(scalar)
    k[0] &= 248
    k[31] = (k[31] & 127) | 64
    k = int.from_bytes(k, "little")
    u = int.from_bytes(point, "little") & (2**255 - 1)
    x2, z2, x3, z3, swap = 1, 0, u, 1, 0
    for t in range(254, -1, -1):
        bit = (k >> t) & 1
        if swap ^ bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % P, b * b % P, d * a % P, c * b % P
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, u * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def public(private):
    return x25519(private, (9).to_bytes(32, "little"))


def rounds(state):  # RFC 8439, section 2.3: the ten double rounds
    s = list(state)

    def quarter(a, b, c, d):
        for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            s[x] = (s[x] + s[y]) & 0xFFFFFFFF
            v = s[z] ^ s[x]
            s[z] = ((v << n) | (v >> (32 - n))) & 0xFFFFFFFF

    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return s


CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")


def block(key, counter, nonce):
    state = [*CONSTANTS, *struct.unpack("<8I", key), counter, *struct.unpack("<3I", nonce)]
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(rounds(state), state)))


def hchacha20(key, nonce):
    s = rounds([*CONSTANTS, *struct.unpack("<8I", key), *struct.unpack("<4I", nonce)])
    return struct.pack("<8I", *s[:4], *s[12:])


def aead(key, nonce, text, data):  # RFC 8439, section 2.8
    stream = b"".join(block(key, 1 + i, nonce) for i in range((len(text) + 63) // 64))
    sealed = bytes(a ^ b for a, b in zip(text, stream))
    one_time = block(key, 0, nonce)[:32]
    r = int.from_bytes(one_time[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    pad = lambda b: b + bytes(-len(b) % 16)
    mac, message = 0, pad(data) + pad(sealed) + struct.pack("<QQ", len(data), len(sealed))
    for i in range(0, len(message), 16):
        mac = (mac + int.from_bytes(message[i:i + 16] + b"\1", "little")) * r % (2**130 - 5)
    return sealed + ((mac + int.from_bytes(one_time[16:], "little")) % 2**128).to_bytes(16, "little")


def seal(key, counter, text, data):
    return aead(key, bytes(4) + struct.pack("<Q", counter), text, data)


def hash_(*parts):
    return hashlib.blake2s(b"".join(parts)).digest()


def mac(key, data):
    return hashlib.blake2s(data, key=key, digest_size=16).digest()


def kdf(n, key, data):
    h = lambda k, d: hmac.new(k, d, hashlib.blake2s).digest()
    secret, out = h(key, data), [b""]
    for i in range(1, n + 1):
        out.append(h(secret, out[-1] + bytes([i])))
    return out[1:]


def sequence(first):
    return bytes(range(first, first + 32))


SI, SR, EI, ER = sequence(0x10), sequence(0x40), sequence(0x70), sequence(0xA0)
TIMESTAMP = bytes.fromhex("40000000654b3c2a0e000000")


def handshake(psk):
    c = hash_(b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s")
    h = hash_(hash_(c, b"WireGuard v1 zx2c4 Jason@zx2c4.com"), public(SR))
    first = struct.pack("<II", 1, 0x01020304) + public(EI)
    c, = kdf(1, c, public(EI))
    h = hash_(h, public(EI))
    c, k = kdf(2, c, x25519(EI, public(SR)))
    static = seal(k, 0, public(SI), h)
    h = hash_(h, static)
    c, k = kdf(2, c, x25519(SI, public(SR)))
    timestamp = seal(k, 0, TIMESTAMP, h)
    h = hash_(h, timestamp)
    first += static + timestamp
    first += mac(hash_(b"mac1----", public(SR)), first) + bytes(16)

    second = struct.pack("<III", 2, 0x05060708, 0x01020304) + public(ER)
    c, = kdf(1, c, public(ER))
    h = hash_(h, public(ER))
    c, = kdf(1, c, x25519(ER, public(EI)))
    c, = kdf(1, c, x25519(ER, public(SI)))
    c, t, k = kdf(3, c, psk)
    h = hash_(h, t)
    second += seal(k, 0, b"", h)
    second += mac(hash_(b"mac1----", public(SI)), second) + bytes(16)
    return first, second, *kdf(2, c, b"")


def cookie(first):
    """The responder's reply to the initiation, and the mac2 that the initiator puts into the same message then."""
    secret, nonce, source = sequence(0x01), bytes(range(0x20, 0x38)), bytes([192, 0, 2, 1, 0x32, 0x70])
    value = mac(secret, source)
    key = hash_(b"cookie--", public(SR))
    sealed = aead(hchacha20(key, nonce[:16]), bytes(4) + nonce[16:], value, first[116:132])
    return struct.pack("<II", 3, 0x01020304) + nonce + sealed, mac(value, first[:132])


for name, psk in ("no preshared key", bytes(32)), ("preshared key", sequence(0xD0)):
    first, second, to_responder, to_initiator = handshake(psk)
    packet = struct.pack("<IIQ", 4, 0x05060708, 0) + seal(to_responder, 0, b"hello" + bytes(11), b"")
    print(f"--- {name}")
    for what, value in ("initiation", first), ("response", second), ("initiator to responder", to_responder), \
            ("responder to initiator", to_initiator), ("the first packet", packet), ("cookie reply", cookie(first)[0]), \
            ("mac2", cookie(first)[1]):
        print(f"{what}: {value.hex()}")
