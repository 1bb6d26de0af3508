using Meshover.Agent.Reconciling;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.UnitTests.Agent.Reconciling;

public sealed class TemplateWatchTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-templates-").FullName;
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly SemaphoreSlim _told = new(0);

    public void Dispose()
    {
        Directory.Delete(_directory, recursive: true);
        _stop.Dispose();
        _told.Dispose();
    }

    [Fact]
    public async Task ManyChanges_InOneGo_AreOneRenderAndTheTemplatesAreThoseOfTheEnd()
    {
        var files = new TemplateFiles(_directory);
        var running = new TemplateWatch(files, () => _told.Release(), NullLogger.Instance, TimeProvider.System).RunAsync(_stop.Token);
        Assert.True(await _told.WaitAsync(TimeSpan.FromSeconds(20), _stop.Token)); // what was there before
        var before = files.Current;
        Assert.Same(before, files.Current);

        for (var i = 0; i < 50; i++)
            await File.WriteAllTextAsync(Path.Combine(_directory, $"{i % 100 + 10}-x.bgp.liquid"), "bgp dampening\n", _stop.Token);

        Assert.True(await _told.WaitAsync(TimeSpan.FromSeconds(20), _stop.Token));
        // A slow machine may have paused in the middle, but not fifty times.
        for (var more = 0; await _told.WaitAsync(TimeSpan.FromSeconds(2), _stop.Token); more++)
            Assert.InRange(more, 0, 25);
        Assert.NotSame(before, files.Current);

        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }
}
