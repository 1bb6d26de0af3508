using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using Xunit.v3;

namespace Meshover.LabTests;

/// <summary>
/// No test of a lab goes on for ever: one that takes longer than any has a reason to is cancelled, and if it hears nothing, the whole run ends
/// with its name. Without this, one hung test is a CI that says nothing.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
internal sealed class TestDeadlineAttribute : BeforeAfterTestAttribute
{
    /// <summary>The virtual machine of the kernel tier computes some twenty times slower than its host.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10), PatienceInVm = TimeSpan.FromMinutes(15), PatienceByName = TimeSpan.FromMinutes(90), Grace = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, CancellationTokenSource> _running = new();

    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        var ended = _running[test.UniqueID] = new CancellationTokenSource();
        var inVm = methodUnderTest.DeclaringType!.Namespace!.EndsWith(".Kernel", StringComparison.Ordinal);
        var byName = methodUnderTest.GetCustomAttribute<FactAttribute>() is { Explicit: true };
        _ = WatchAsync(test.TestDisplayName, byName ? PatienceByName : inVm ? PatienceInVm : Patience, TestContext.Current, ended.Token);
    }

    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (_running.TryRemove(test.UniqueID, out var ended)) ended.Cancel();
    }

    private static async Task WatchAsync(string name, TimeSpan patience, ITestContext test, CancellationToken ended)
    {
        if (await EndedWithinAsync(patience, ended)) return;
        System.Console.WriteLine($"{name} is cancelled: it did not end within {patience}");
        test.CancelCurrentTest();
        if (await EndedWithinAsync(Grace, ended)) return;
        System.Console.WriteLine($"failed {name}: it did not end within {patience}, nor when it was cancelled, and so this run ends here");
        Process.GetCurrentProcess().Kill();
    }

    private static async Task<bool> EndedWithinAsync(TimeSpan patience, CancellationToken ended)
    {
        await Task.Delay(patience, TimeProvider.System, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return ended.IsCancellationRequested;
    }
}
