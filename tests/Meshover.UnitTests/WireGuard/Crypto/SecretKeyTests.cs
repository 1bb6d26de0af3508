using Meshover.WireGuard.Crypto;

namespace Meshover.UnitTests.WireGuard.Crypto;

public sealed class SecretKeyTests
{
    [Fact]
    public void Dispose_ZeroesTheKey()
    {
        var key = new SecretKey([.. Enumerable.Repeat((byte)9, 32)]);
        var bytes = key.Bytes;
        key.Dispose();

        Assert.Equal(new byte[32], bytes.ToArray());
    }

    [Fact]
    public void ToString_DoesNotShowTheKey() => Assert.Equal("(hidden)", new SecretKey(new byte[32]).ToString());

    [Fact]
    public void Equals_ComparesTheBytes()
    {
        byte[] bytes = [.. Enumerable.Repeat((byte)9, 32)];
        Assert.Equal(new SecretKey(bytes), new SecretKey(bytes));
        Assert.NotEqual(new SecretKey(bytes), new SecretKey(new byte[32]));
    }

    [Theory]
    [InlineData(31)]
    [InlineData(33)]
    public void New_AnotherLength_Throws(int length) => Assert.Throws<ArgumentException>(() => new SecretKey(new byte[length]));
}
