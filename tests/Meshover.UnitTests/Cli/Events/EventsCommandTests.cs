using System.Collections.Concurrent;
using System.Text;
using Meshover.Agent.Events;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Events;
using Meshover.Mesh.Events;
using Xunit;

namespace Meshover.UnitTests.Cli.Events;

/// <summary>What `meshover events` prints of a node's file, and goes on to print.</summary>
public sealed class EventsCommandTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-follow-").FullName;
    private readonly Lines _output = new();

    public void Dispose()
    {
        _output.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Node_WithoutFollowing_IsTheNewestOfThoseSince()
    {
        Append("old", Now - TimeSpan.FromHours(1));
        Append("one", Now);
        Append("two", Now);
        Assert.Equal(ExitCode.Fine, await EventsCommand.OfNodeAsync(new EventFile(_directory), new(Now, Limit: 1, Follow: false, Json: false), _output, CancellationToken.None));
        Assert.Equal(["two"], Printed());
    }

    /// <summary>The clock is set back by an hour, and then the node leaves its mesh and joins anew: numbers begin with 1 again.</summary>
    [Fact]
    public async Task Node_Followed_ShowsWhatComes_WhateverTheClockAndTheNumbers()
    {
        for (var i = 0; i < 5; i++)
            Append("before", Now);
        using var stop = new CancellationTokenSource();
        var following = EventsCommand.OfNodeAsync(new EventFile(_directory), new(Now + TimeSpan.FromSeconds(1), Limit: 200, Follow: true, Json: false), _output, stop.Token);
        Append("set-back", Now - TimeSpan.FromHours(1));
        await PrintedAsync("set-back");
        new EventFile(_directory).Delete();
        Append("anew", Now);
        await PrintedAsync("anew");
        await stop.CancelAsync();
        Assert.Equal(ExitCode.Fine, await following.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System));
        Assert.Equal(["set-back", "anew"], Printed());
    }

    [Fact]
    public async Task Node_WhoseFileCannotBeRead_SaysWhy()
    {
        Directory.CreateDirectory(new EventFile(_directory).Present);
        var error = await Assert.ThrowsAsync<CliException>(() => EventsCommand.OfNodeAsync(new EventFile(_directory), new(Now, 1, Follow: false, Json: false), _output, CancellationToken.None));
        Assert.StartsWith("The node's events cannot be read: ", error.Message, StringComparison.Ordinal);
    }

    private void Append(string subject, DateTimeOffset time) => new EventFile(_directory).Append(new MeshEvent { Time = time, Kind = "session.up", Node = "n1", Subject = subject });

    private string[] Printed() => [.. _output.Written.Select(line => line[(line.LastIndexOf(' ') + 1)..])];

    private async Task PrintedAsync(string subject)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        while (!Printed().Contains(subject))
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
    }

    private sealed class Lines : TextWriter
    {
        public ConcurrentQueue<string> Written { get; } = [];

        public override Encoding Encoding => Encoding.UTF8;

        public override void WriteLine(string? value) => Written.Enqueue(value ?? "");
    }
}
