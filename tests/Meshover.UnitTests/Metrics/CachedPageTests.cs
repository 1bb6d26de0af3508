using Meshover.Metrics;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Metrics;

public sealed class CachedPageTests
{
    private readonly FakeTimeProvider _time = new();
    private int _made;
    private bool _fails;

    [Fact]
    public void Get_MakesItOnceASecond_HoweverManyAsk()
    {
        var page = new CachedPage(Make, _time);
        for (var asked = 0; asked < 10; asked++)
            Assert.Equal([1], page.Get().ToArray());
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal([1], page.Get().ToArray());
        _time.Advance(TimeSpan.FromMilliseconds(1));
        for (var asked = 0; asked < 10; asked++)
            Assert.Equal([2], page.Get().ToArray());
    }

    [Fact]
    public void Get_WhereTheMakingFails_GivesNoOldPageForOneOfNow_AndTriesAgain()
    {
        var page = new CachedPage(Make, _time);
        page.Get();
        _time.Advance(TimeSpan.FromSeconds(1));
        _fails = true;
        Assert.Throws<InvalidOperationException>(() => page.Get());
        Assert.Throws<InvalidOperationException>(() => page.Get());
        _fails = false;
        Assert.Equal([4], page.Get().ToArray());
    }

    private ReadOnlyMemory<byte> Make()
    {
        _made++;
        return _fails ? throw new InvalidOperationException() : new[] { (byte)_made };
    }
}
