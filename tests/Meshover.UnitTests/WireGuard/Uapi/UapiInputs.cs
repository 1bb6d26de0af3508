using CsCheck;
using Meshover.UnitTests.WireGuard.Control;

namespace Meshover.UnitTests.WireGuard.Uapi;

/// <summary>What a careless or hostile client may say: nearly right requests, mostly.</summary>
internal static class UapiInputs
{
    /// <summary>Inputs that once broke something, and the corners around them.</summary>
    public static readonly string[] Kept =
    [
        $"set=1\npublic_key={Hex(1)}\nendpoint=192.0.2.1:1\npublic_key={Hex(1)}\nremove=true\n\n", // an endpoint of nobody
        $"set=1\npublic_key={OwnHex}\nendpoint=192.0.2.1:1\n\n",
        $"set=1\nprivate_key={Hex(9)}\nlisten_port=1\npublic_key={Hex(2)}\nallowed_ip=10.0.0.0/8\nallowed_ip=x\n\n",
        $"set=1\npublic_key={Hex(1)}\nallowed_ip=-10.0.0.0/8\nallowed_ip=10.0.0.0/8\nallowed_ip=-10.0.0.0/8\n\n",
        $"set=1\npublic_key={Hex(0)}\n\n",
        "set=1\nlisten_port=1\r\n\r\n\n",
        "set=1\n=\n\n",
        "set=1\nendpoint=[]:\n\n",
        $"set=1\npublic_key={Hex(1)}\nendpoint=[\n\n",
        $"set=1\npublic_key={Hex(1)}\nendpoint=]:1\n\n",
        $"set=1\npublic_key={Hex(1)}\nallowed_ip=/\n\n",
        $"set=1\npublic_key={Hex(1)}\nallowed_ip=::/129\n\n",
        "\n\n\n\n",
        "get=1\n\nset=1\n\nget=1\n",
        "set=1",
    ];

    private static readonly Gen<string> Keys = Gen.Frequency(
        (12, OneOf(
            "private_key", "listen_port", "fwmark", "replace_peers", "public_key", "public_key", "public_key", "remove", "update_only",
            "preshared_key", "endpoint", "persistent_keepalive_interval", "replace_allowed_ips", "allowed_ip", "allowed_ip", "protocol_version")),
        (1, Gen.String[Gen.Char[' ', '~'], 0, 12]),
        (1, OneOf("errno", "rx_bytes", "last_handshake_time_sec", "Listen_port", " listen_port", "set", "get", "")));

    private static readonly Gen<string> Values = Gen.Frequency(
        (6, Gen.Int[0, 4].Select(seed => Hex((byte)seed))),
        (1, Gen.Const(OwnHex)),
        (4, OneOf("true", "false", "0", "1", "25", "51820", "65535", "65536", "4294967295", "4294967296", "-1", "0x10", "1e3", "")),
        (4, OneOf("192.0.2.1:1", "[2001:db8::1]:51820", "[fe80::1%1]:1", "192.0.2.1:0", "0.0.0.0:1", "1.2.3.4", "[::]:1", "[]:1", ":1")),
        (4, OneOf("10.0.0.0/8", "10.1.2.3/16", "-10.0.0.0/8", "0.0.0.0/0", "::/0", "fd00::/64", "-fd00::1/128", "10.0.0.0/33", "1/1", "/")),
        (2, Gen.String[Gen.Char['\u0001', '\u00ff'], 0, 80]),
        (1, Gen.String[Gen.Char['0', 'f'], 0, 200]));

    private static readonly Gen<string> RightLines = Gen.Frequency(
        (3, Gen.Int[1, 4].Select(seed => $"public_key={Hex((byte)seed)}")),
        (1, Gen.Int[0, 65535].Select(number => $"listen_port={number}")),
        (4, OneOf("allowed_ip=10.0.0.0/8", "allowed_ip=-10.0.0.0/8", "allowed_ip=fd00::/64", "endpoint=192.0.2.1:1", "update_only=true",
            "remove=true", "replace_allowed_ips=true", "persistent_keepalive_interval=25", "protocol_version=1", "replace_peers=true")));

    private static readonly Gen<string> AnyLines = Gen.Select(Keys, Values, Gen.Frequency((20, Gen.Const("=")), (1, OneOf("", "==", " = ", "\0"))))
        .Select((key, value, separator) => key + separator + value);

    private static readonly Gen<string> Lines = Gen.Frequency((4, RightLines), (1, AnyLines));

    private static readonly Gen<string> Requests = Gen.Select(
            Gen.Frequency((12, Gen.Const("set=1\n")), (2, Gen.Const("get=1\n")), (1, OneOf("", "set=2\n", "get\n", "set=1", "\n"))),
            Lines.Array[0, 6],
            Gen.Frequency((20, Gen.Const("\n\n")), (1, OneOf("", "\n", "\r\n\r\n", "\n\n\n"))))
        .Select((first, lines, end) => first + string.Join('\n', lines) + end);

    /// <summary>All that a client says on one connection, sometimes cut off.</summary>
    public static readonly Gen<string> Conversations = Gen.Select(Requests.Array[1, 3], Gen.Int[0, 400])
        .Select((requests, cut) => string.Concat(requests) is var all && cut < all.Length && cut % 7 == 0 ? all[..cut] : string.Concat(requests));

    private static Gen<string> OneOf(params string[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);

    private static string OwnHex => Convert.ToHexStringLower(Configs.Plain.PrivateKey.PublicKey!.Value.Bytes);

    private static string Hex(byte seed) => Convert.ToHexStringLower(Configs.Key(seed).Bytes);
}
