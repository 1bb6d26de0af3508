using Meshover.UnitTests.WireGuard.Control;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Uapi;

namespace Meshover.UnitTests.WireGuard.Fuzz;

/// <summary>Whatever a client of the UAPI sends is refused in words, or is a configuration that can be judged.</summary>
public sealed class UapiFuzzTests
{
    private static readonly string[] Keys =
    [
        "private_key", "listen_port", "fwmark", "replace_peers", "public_key", "remove", "update_only", "preshared_key", "endpoint",
        "persistent_keepalive_interval", "replace_allowed_ips", "allowed_ip", "protocol_version", "get", "",
    ];

    private static readonly string[] Values =
    [
        "", "true", "false", "0", "1", "25", "65535", "65536", "4294967295", "4294967296", "-1", "+1", " 1", "1e9", "0x10",
        "10.0.0.0/8", "-10.0.0.0/8", "10.1.2.3/16", "10.0.0.1", "10.0.0.0/33", "10.0.0.0/", "/8", "::/0", "fd00::/129", "::ffff:1.2.3.4/128",
        "fe80::1%1/64", "192.0.2.1:12912", "192.0.2.1:0", "192.0.2.1:65536", "[fd00::1]:12912", "[fe80::1%1]:1", "[fd00::1]", "fd00::1:1",
        "0.0.0.0:1", "255.255.255.255:1", "[ff02::1]:1", "host:1", "=", "a=b", "\0", "\u00e9\ud83d", new('0', 64), new('f', 64), new('g', 64),
    ];

    [Fact]
    public void Set_AnyLines_AreRefusedInWordsOrAConfiguration() => Fuzzing.Run(
        dice =>
        {
            var lines = Enumerable.Range(0, dice.Next(0, 12)).Select(_ => Line(dice)).ToList();
            if (TryParse(lines) is not { } set)
                return;
            var config = set.ApplyTo(Configs.With(Configs.Peer(1), Configs.Peer(0xff)));
            Assert.All(ConfigValidator.Validate(config), fault => Assert.NotEmpty(fault));
            Assert.Equal(config.Peers.Length, config.Peers.DistinctBy(peer => peer.PublicKey).Count());
            var prefixes = config.Peers.SelectMany(peer => peer.AllowedIps).ToList();
            Assert.Equal(prefixes.Count, prefixes.Distinct().Count());
        },
        iterations: 5_000);

    private static UapiSet? TryParse(List<string> lines)
    {
        try
        {
            return UapiSet.Parse(string.Join('\n', lines));
        }
        catch (UapiException e)
        {
            Assert.NotEmpty(e.Message);
            return null;
        }
    }

    private static string Line(Dice dice)
    {
        var line = $"{dice.Pick<string>(Keys)}={dice.Pick<string>(Values)}";
        if (dice.Chance(60))
            line = Sensible(dice);
        return dice.Chance(97) ? line : line.Remove(dice.Next(0, line.Length), 1);
    }

    private static string Sensible(Dice dice) => dice.Next(0, 6) switch
    {
        0 or 1 => $"public_key={new string(dice.Pick('0', '1', 'f'), 64)}",
        2 => $"allowed_ip={dice.Pick("", "-")}10.{dice.Next(0, 3)}.0.0/{dice.Pick("8", "16", "32")}",
        3 => $"endpoint=192.0.2.{dice.Next(1, 255)}:{dice.Next(1, 65_536)}",
        4 => dice.Pick("replace_peers=true", "replace_allowed_ips=true", "update_only=true", "remove=true"),
        _ => $"persistent_keepalive_interval={dice.Next(0, 70_000)}",
    };
}
