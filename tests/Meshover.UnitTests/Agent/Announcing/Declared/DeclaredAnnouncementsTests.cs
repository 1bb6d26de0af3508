using System.Collections.Immutable;
using System.Net;
using Meshover.Agent;
using Meshover.Agent.Announcing.Declared;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Agent.Announcing.Declared;

public sealed class DeclaredAnnouncementsTests : IDisposable
{
    private const string Checked = "{prefix: '10.9.0.1/32', check: 'tcp:127.0.0.1:1', mode: 'active-standby'}";
    private static readonly IPNetwork Prefix = IPNetwork.Parse("10.9.0.1/32");
    private readonly string _directory = Directory.CreateTempSubdirectory().FullName;
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(50));
    private ImmutableArray<AnnouncedPath> _paths = [];

    private string File => Path.Combine(_directory, "announcements.json");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Begin_WhatBgpdAnnounces_StaysAsItIs()
    {
        _paths = [new AnnouncedPath($"{Prefix}", 0) { Failover = new(FailoverRole.Active, 100) }];
        using var declared = await StartAsync(AnnouncementReader.ReadOne(Checked));
        var announcement = Assert.Single(declared.Current.Announcements);
        Assert.True(announcement is { IsWithdrawn: false, HoldsAddress: true, IsLeased: true, Failover.Role: FailoverRole.Active });
    }

    [Fact]
    public async Task Announce_AnewWithAnotherPriority_GoesOnWhereItWas()
    {
        await System.IO.File.WriteAllTextAsync(File, $$"""[{"text":"{{Checked}}"}]""", TestContext.Current.CancellationToken);
        _paths = [new AnnouncedPath($"{Prefix}", 0) { Failover = new(FailoverRole.Active, 100) }];
        using var declared = await StartAsync();
        declared.Announce(Checked.Replace("}", ", priority: 200}", StringComparison.Ordinal), TimeSpan.FromHours(1));
        var announcement = Assert.Single(declared.Current.Announcements);
        Assert.True(announcement is { IsWithdrawn: false, HoldsAddress: true });
        Assert.Equal(new Failover(FailoverRole.Active, 200), announcement.Failover);
        Assert.Equal(_time.GetUtcNow().AddHours(1), Assert.Single(declared.Current.Declared).Expires);
    }

    /// <summary>Who has only the controller takes no check away from a prefix.</summary>
    [Fact]
    public async Task Announce_ThatIsToReplaceNothing_LeavesWhatIsDeclared()
    {
        using var declared = await StartAsync();
        declared.Announce(Checked, lifetime: null);
        var kept = await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken);
        Assert.Contains("already", Assert.Throws<AgentException>(() => declared.Announce("{prefix: '10.9.0.1/32'}", lifetime: null, replaces: false)).Message, StringComparison.Ordinal);
        Assert.NotNull(Assert.Single(declared.Current.Declared).Of.Check);
        Assert.Equal(kept, await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken));
        declared.Announce("{prefix: '10.9.0.2/32'}", lifetime: null, replaces: false);
        Assert.Equal(2, declared.Current.Declared.Length);
    }

    [Fact]
    public async Task Announce_NothingIsKnownOfItYet_WaitsForItsCheck()
    {
        using var declared = await StartAsync();
        declared.Announce(Checked, lifetime: null);
        Assert.True(Assert.Single(declared.Current.Announcements) is { IsWithdrawn: true, HoldsAddress: false });
    }

    [Fact]
    public async Task Withdraw_AnAddress_StaysAMomentLonger_AndWhatCannotBeReadIsKept()
    {
        await System.IO.File.WriteAllTextAsync(File, $$"""[{"text":"{of: another release}"},{"text":"{{Checked}}"}]""", TestContext.Current.CancellationToken);
        _paths = [new AnnouncedPath($"{Prefix}", 0) { Failover = new(FailoverRole.Active, 100) }];
        using var declared = await StartAsync();
        Assert.Contains("cannot be any more", declared.Current.Status, StringComparison.Ordinal);
        declared.Withdraw(Prefix);
        Assert.True(Assert.Single(declared.Current.Announcements) is { IsWithdrawn: true, HoldsAddress: true });
        Assert.Empty(declared.Current.Declared);
        var kept = await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken);
        Assert.Contains("another release", kept, StringComparison.Ordinal);
        Assert.DoesNotContain("10.9.0.1", kept, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_TakeOverWhatACommandDeclared_ForGood()
    {
        await System.IO.File.WriteAllTextAsync(File, $$"""[{"text":"{{Checked}}","expires":"2030-01-01T00:00:00Z"}]""", TestContext.Current.CancellationToken);
        using var declared = await StartAsync();
        declared.Configure([AnnouncementReader.ReadOne(Checked)]);
        Assert.True(Assert.Single(declared.Current.Declared) is { By: "settings", Expires: null });
        Assert.DoesNotContain("10.9.0.1", await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Throws<AgentException>(() => declared.Withdraw(Prefix));
        Assert.Throws<AgentException>(() => declared.Announce(Checked, lifetime: null));
        declared.Configure([]);
        Assert.Empty(declared.Current.Announcements);
    }

    private async Task<DeclaredAnnouncements> StartAsync(params ImmutableArray<DeclaredAnnouncement> configured)
    {
        var declared = new DeclaredAnnouncements(
            new AnnouncementStore(_directory), (_, _) => Task.FromResult(new KnownPaths(_paths, TimeSpan.FromMinutes(1))), () => 20, () => [], NullLogger.Instance, _time);
        await declared.BeginAsync(configured, isDraining: false, TestContext.Current.CancellationToken);
        return declared;
    }
}
