using Meshover.WireGuard.Control;

namespace Meshover.UnitTests.WireGuard.Control;

public sealed class DiskWriterTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    [Fact]
    public void Write_IsDoneByAnotherThreadAndFlushWaitsForIt()
    {
        var written = new List<(string Text, int Thread)>();
        var writer = new DiskWriter<string>(text => written.Add((text, Environment.CurrentManagedThreadId)));
        Assert.True(writer.Write("a"));
        Assert.True(writer.Flush(Long));

        Assert.Equal("a", Assert.Single(written).Text);
        Assert.NotEqual(Environment.CurrentManagedThreadId, written[0].Thread);
    }

    [Fact]
    public void Write_WhileTheDiskHangs_HoldsNobodyAndOnlyTheNewestIsWrittenAfterwards()
    {
        using var hangs = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        var written = new List<string>();
        var writer = new DiskWriter<string>(text =>
        {
            begun.Set();
            Assert.True(hangs.Wait(Long));
            written.Add(text);
        });
        Assert.True(writer.Write("a"));
        Assert.True(begun.Wait(Long));
        Assert.False(writer.Write("b"));
        Assert.False(writer.Write("c"));
        Assert.False(writer.Flush(TimeSpan.Zero));

        hangs.Set();

        Assert.True(writer.Flush(Long));
        Assert.Equal(["a", "c"], written);
    }
}
