using Meshover.Linux.Files;

namespace Meshover.UnitTests.Linux;

/// <summary>With the kernel's own notifications: no root is needed.</summary>
public sealed class DirectoryWatchTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(300);
    private readonly string _root = Directory.CreateTempSubdirectory("meshover-watch-").FullName;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task File_WrittenRenamedOverAndDeleted_IsToldEachTime()
    {
        Make("d");
        using var watch = new DirectoryWatch(At("d"));
        await ToldAsync(watch, () => File.WriteAllText(At("d/a"), "1"));
        await ToldAsync(watch, () => File.WriteAllText(At("d/a"), "2"));
        await File.WriteAllTextAsync(At("new"), "3", _ct);
        await ToldAsync(watch, () => File.Move(At("new"), At("d/a"), overwrite: true));
        await ToldAsync(watch, () => File.Delete(At("d/a")));
    }

    [Fact]
    public async Task Directory_MadeLaterWithItsParents_IsToldAndWatched()
    {
        using var watch = new DirectoryWatch(At("x/y/d"));
        await ToldAsync(watch, () => Make("x/y/d"));
        await ToldAsync(watch, () => File.WriteAllText(At("x/y/d/a"), "1"));
    }

    [Fact]
    public async Task Directory_DeletedAndMadeAgain_IsToldAndWatched()
    {
        Make("d");
        using var watch = new DirectoryWatch(At("d"));
        await ToldAsync(watch, () => Directory.Delete(At("d")));
        await ToldAsync(watch, () => Make("d"));
        await ToldAsync(watch, () => File.WriteAllText(At("d/a"), "1"));
    }

    [Fact]
    public async Task Link_ReplacedByAnother_IsToldAndTheNewTargetIsWatchedInsteadOfTheOld()
    {
        Make("v1");
        Make("v2");
        Directory.CreateSymbolicLink(At("d"), "v1");
        using var watch = new DirectoryWatch(At("d"));
        await ToldAsync(watch, () => File.WriteAllText(At("v1/a"), "1"));
        await ToldAsync(watch, () => Replace("d", "v2"));
        await ToldAsync(watch, () => File.WriteAllText(At("v2/a"), "1"));
        await NotToldAsync(watch, () => File.WriteAllText(At("v1/a"), "2"));
    }

    // As Kubernetes mounts a ConfigMap.
    [Fact]
    public async Task ConfigMap_ItsDataReplaced_IsTold()
    {
        Make("d/..1");
        Make("d/..2");
        Directory.CreateSymbolicLink(At("d/..data"), "..1");
        File.CreateSymbolicLink(At("d/a"), "..data/a");
        using var watch = new DirectoryWatch(At("d"));
        await ToldAsync(watch, () => Replace("d/..data", "..2"));
    }

    [Fact]
    public async Task FileBehindALink_Written_IsTold()
    {
        Make("d");
        Make("elsewhere");
        File.CreateSymbolicLink(At("d/a"), At("elsewhere/a"));
        using var watch = new DirectoryWatch(At("d"));
        await ToldAsync(watch, () => File.WriteAllText(At("elsewhere/a"), "1"));
        await NotToldAsync(watch, () => File.WriteAllText(At("elsewhere/b"), "1"));
    }

    [Fact]
    public async Task Neighbours_OfTheDirectory_AreNobodysBusiness()
    {
        Make("d");
        using var watch = new DirectoryWatch(At("d"));
        await NotToldAsync(watch, () => File.WriteAllText(At("a"), "1"));
    }

    [Fact]
    public async Task Links_ThatLeadInACircle_EndTheWayThere()
    {
        Directory.CreateSymbolicLink(At("d"), "d");
        using var watch = new DirectoryWatch(At("d"));
        await ToldAsync(watch, () => File.Delete(At("d")));
        await ToldAsync(watch, () => Make("d"));
    }

    private string At(string path) => Path.Combine(_root, path);

    private void Make(string path) => Directory.CreateDirectory(At(path));

    private void Replace(string link, string target)
    {
        Directory.CreateSymbolicLink(At($"{link}.tmp"), target);
        using var move = System.Diagnostics.Process.Start("mv", ["-T", At($"{link}.tmp"), At(link)]); // .NET renames no link to a directory
        move.WaitForExit();
        Assert.Equal(0, move.ExitCode);
    }

    private async Task ToldAsync(DirectoryWatch watch, Action change)
    {
        await DrainAsync(watch);
        change();
        await watch.ChangedAsync(_ct).WaitAsync(Patience, _ct);
    }

    private async Task NotToldAsync(DirectoryWatch watch, Action change)
    {
        await DrainAsync(watch);
        change();
        Assert.False(await IsToldAsync(watch));
    }

    /// <summary>Until nothing more comes of former changes.</summary>
    private async Task DrainAsync(DirectoryWatch watch)
    {
        while (await IsToldAsync(watch))
        {
        }
    }

    private async Task<bool> IsToldAsync(DirectoryWatch watch)
    {
        using var quiet = new CancellationTokenSource(Quiet, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(quiet.Token, _ct);
        try
        {
            await watch.ChangedAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!_ct.IsCancellationRequested)
        {
            return false;
        }
    }
}
