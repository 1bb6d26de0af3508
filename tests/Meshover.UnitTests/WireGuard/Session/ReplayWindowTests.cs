using CsCheck;
using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Session;

public sealed class ReplayWindowTests
{
    private const ulong Size = ReplayWindow.Size;

    [Fact]
    public void Size_IsAtLeastEightThousand() => Assert.True(Size >= 8_000);

    // Steps mostly small, back and forth, now and then a jump across or beyond the window.
    private static readonly Gen<ulong[]> Counters =
        Gen.OneOf(Gen.Long[-70, 70], Gen.Long[-9_000, 9_000], Gen.Long[-20_000, 200_000]).Array[1, 400]
            .Select(steps => Walk(steps));

    [Fact]
    public void TryAccept_AnySequence_AgreesWithASetAndADistance() => Counters.Sample(counters =>
    {
        var window = new ReplayWindow();
        var seen = new HashSet<ulong>();
        ulong newest = 0;
        foreach (var counter in counters)
        {
            var tooOld = counter < newest && newest - counter > Size;
            var expected = !tooOld && seen.Add(counter);
            if (window.TryAccept(counter) != expected)
                return false;
            newest = Math.Max(newest, counter);
        }
        return true;
    });

    [Fact]
    public void TryAccept_FirstCounterZero_IsTakenOnce()
    {
        var window = new ReplayWindow();
        Assert.True(window.TryAccept(0));
        Assert.False(window.TryAccept(0));
    }

    [Fact]
    public void TryAccept_TheOldestInTheWindow_IsTakenAndTheOneBeforeItIsNot()
    {
        var window = new ReplayWindow();
        Assert.True(window.TryAccept(Size + 1_000));
        Assert.True(window.TryAccept(1_000));
        Assert.False(window.TryAccept(999));
    }

    [Fact]
    public void TryAccept_NearTheEndOfTheCounters_DoesNotWrap()
    {
        var window = new ReplayWindow();
        Assert.True(window.TryAccept(ulong.MaxValue - 8_193));
        Assert.True(window.TryAccept(ulong.MaxValue));
        Assert.False(window.TryAccept(0));
        Assert.False(window.TryAccept(ulong.MaxValue));
    }

    [Fact]
    public void TryAccept_Reordered_AllAreTakenOnce()
    {
        var window = new ReplayWindow();
        var order = Enumerable.Range(0, 8_000).OrderBy(i => i * 7_919 % 8_000).Select(i => (ulong)i).ToArray();

        Assert.All(order, counter => Assert.True(window.TryAccept(counter)));
        Assert.All(order, counter => Assert.False(window.TryAccept(counter)));
    }

    private static ulong[] Walk(long[] steps)
    {
        var at = 10_000L;
        return [.. steps.Select(step => (ulong)(at = Math.Max(0, at + step)))];
    }
}
