using System.Net.Sockets;
using System.Text;
using CsCheck;
using Meshover.UnitTests.WireGuard.Uapi;

namespace Meshover.LabTests.WireGuard;

/// <summary>A running engine under a client that says anything: no half of a request is done, and it goes on.</summary>
public sealed class PlainFuzzTests
{
    private const int Inputs = 1_000;
    private const long MaxGrowthKiB = 64 * 1024;

    [Fact]
    public async Task AnyConversation_IsDoneOrRefusedWholeAndTheEngineGoesOn()
    {
        await using var wire = await Wire.CreateAsync(1);
        await using var peer = await PlainPeer.StartAsync(wire, 1);
        await peer.SetUpAsync();
        foreach (var input in UapiInputs.Kept)
            await CheckAsync(peer.SocketPath, input);
        var before = await ResidentKiBAsync(peer);

        for (var i = 0; i < Inputs; i++)
            await CheckAsync(peer.SocketPath, UapiInputs.Conversations.Single());

        Assert.InRange(await ResidentKiBAsync(peer) - before, long.MinValue, MaxGrowthKiB);
        await peer.WgAsync("set", peer.Device, "listen-port", "4711");
        Assert.Equal("4711", await peer.WgAsync("show", peer.Device, "listen-port"));
    }

    private static async Task CheckAsync(string path, string input)
    {
        var before = await ConfigurationAsync(path);
        var answers = await SayAsync(path, input);
        var after = await ConfigurationAsync(path);

        if (!answers.Contains("errno=0\n"))
            Assert.True(before == after, $"refused, and done all the same: {input}");
        await HangUpAsync(path, input);
    }

    private static async Task<string> ConfigurationAsync(string path)
    {
        var lines = (await SayAsync(path, "get=1\n\n")).Split('\n');
        Assert.Equal("errno=0", lines[^3]);
        return string.Join('\n', lines.Where(line => !line.StartsWith("tx_bytes=", StringComparison.Ordinal)));
    }

    private static async Task<string> SayAsync(string path, string input)
    {
        using var socket = await ConnectAsync(path);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(input));
        socket.Shutdown(SocketShutdown.Send);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }

    // Half a request, and gone without a look at the answer.
    private static async Task HangUpAsync(string path, string input)
    {
        using var socket = await ConnectAsync(path);
        var lines = string.Join('\n', input.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        await socket.SendAsync(Encoding.UTF8.GetBytes(lines[..(lines.Length / 2)]));
    }

    private static async Task<Socket> ConnectAsync(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private static async Task<long> ResidentKiBAsync(PlainPeer peer)
    {
        var status = await File.ReadAllLinesAsync($"/proc/{peer.Find()!.Pid}/status");
        return long.Parse(status.Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2]);
    }
}
