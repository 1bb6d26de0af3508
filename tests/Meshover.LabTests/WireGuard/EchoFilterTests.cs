using System.Net;
using Meshover.WireGuard.Io;

namespace Meshover.LabTests.WireGuard;

public sealed class EchoFilterTests
{
    private const ushort Identifier = 4242;

    [Fact]
    public async Task TryReceive_EchoRepliesOfOthers_DoNotEvenReachTheSocket()
    {
        await using var wire = await Wire.CreateAsync(2);
        using var echoes = wire.In(1, () => new EchoSocket(Identifier));
        var left = 10;

        await PingAsync(wire, Identifier + 1);
        Assert.False(echoes.TryReceive(ref left, out _, out _));
        Assert.Equal(10, left);

        await PingAsync(wire, Identifier);
        Assert.True(echoes.TryReceive(ref left, out var from, out var length));
        Assert.Equal((Wire.Address(2), 20 + 8 + 56), (from, length));
    }

    private static Task<string> PingAsync(Wire wire, int identifier) =>
        wire.RunAsync(1, "ping", "-n", "-c", "1", "-e", $"{identifier}", $"{Wire.Address(2)}");
}
