using Meshover.WireGuard.Crypto;

namespace Meshover.UnitTests.WireGuard.Crypto;

public sealed class X25519Tests
{
    [Fact]
    public void TryAgree_VectorOfRfc7748Section52_GivesItsOutput() =>
        Assert.Equal(
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
            Agree(
                Convert.FromHexString("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
                Convert.FromHexString("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")));

    [Theory]
    [InlineData(1, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079")]
    [InlineData(1_000, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51")]
    public void TryAgree_IteratedAsInRfc7748Section52_GivesItsOutput(int times, string expected)
    {
        byte[] k = BasePoint(), u = BasePoint();
        for (var i = 0; i < times; i++)
            (k, u) = (Convert.FromHexString(Agree(k, u)), k);

        Assert.Equal(expected, Convert.ToHexStringLower(k));
    }

    [Fact]
    public void PublicFromPrivate_IsTheAgreementWithTheBasePoint()
    {
        byte[] privateKey = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
        var publicKey = new byte[32];
        X25519.PublicFromPrivate(privateKey, publicKey);

        Assert.Equal(Agree(privateKey, BasePoint()), Convert.ToHexStringLower(publicKey));
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")]
    public void TryAgree_PublicKeyOfLowOrder_IsRefusedAndLeavesZeros(string publicKey)
    {
        var shared = Enumerable.Repeat((byte)1, 32).ToArray();

        Assert.False(X25519.TryAgree(BasePoint(), Convert.FromHexString(publicKey), shared));
        Assert.All(shared, b => Assert.Equal(0, b));
    }

    private static byte[] BasePoint() => [9, .. new byte[31]];

    private static string Agree(byte[] privateKey, byte[] publicKey)
    {
        var shared = new byte[32];
        Assert.True(X25519.TryAgree(privateKey, publicKey, shared));
        return Convert.ToHexStringLower(shared);
    }
}
