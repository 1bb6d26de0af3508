using System.Text;
using Meshover.WireGuard.Crypto;
using Blake2sDigestOfBouncyCastle = Org.BouncyCastle.Crypto.Digests.Blake2sDigest;

namespace Meshover.UnitTests.WireGuard.Crypto;

public sealed class Blake2sTests
{
    [Fact]
    public void Hash_VectorOfRfc7693AppendixB_GivesItsOutput()
    {
        var hash = new byte[32];
        Blake2s.Hash("a"u8, "bc"u8, hash);

        Assert.Equal("508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982", Convert.ToHexStringLower(hash));
    }

    // Expected values: the reference implementation, by Python's hashlib.blake2s(data, key=key, digest_size=16).
    [Theory]
    [InlineData(32, 0, "9536f9b267655743dee97b8a670f9f53")]
    [InlineData(32, 1, "13bacfb85b48a1223c595f8c1e7e82cb")]
    [InlineData(32, 64, "f1efa90d2547036841ecd3627fafbc36")]
    [InlineData(32, 65, "811ff8686d23a435ecbd0bdafcd27b1b")]
    [InlineData(32, 148, "33bd6c20ca2a7ab916d6e98003c6c5f8")]
    [InlineData(16, 0, "af4e5d3bb230e9ff9096ca6f7c501f76")]
    [InlineData(16, 64, "dd55c51c98f8ab96ed272882941f0b6a")]
    [InlineData(16, 132, "b03d1196bdcfaad40f911db86b79ac7e")]
    public void Mac_KeysOfBothLengths_AgreesWithTheReferenceImplementation(int keyLength, int dataLength, string expected)
    {
        var mac = new byte[16];
        Blake2s.Mac(Sequence(keyLength), Sequence(dataLength), mac);

        Assert.Equal(expected, Convert.ToHexStringLower(mac));
    }

    // Expected value: Python's hmac.new(key, data, hashlib.blake2s).
    [Fact]
    public void Hmac_AgreesWithTheReferenceImplementation()
    {
        var mac = new byte[32];
        Blake2s.Hmac(Sequence(32), Sequence(100), mac);

        Assert.Equal("a81c95080ba2a7c4ed1b7b4c21dec2c4fd6dc9f03ff37b6d65289dc95a7d1ef1", Convert.ToHexStringLower(mac));
    }

    // The vectors of wireguard-go, device/kdf_test.go.
    [Theory]
    [InlineData("test-key", "test-input",
        "6f0e5ad38daba1bea8a0d213688736f19763239305e0f58aba697f9ffc41c633",
        "df1194df20802a4fe594cde27e92991c8cae66c366e8106aaa937a55fa371e8a",
        "fac6e2745a325f5dc5d11a5b165aad08b0ada28e7b4e666b7c077934a4d76c24")]
    [InlineData("wireguard", "wireguard",
        "491d43bbfdaa8750aaf535e334ecbfe5129967cd64635101c566d4caefda96e8",
        "1e71a379baefd8a79aa4662212fcafe19a23e2b609a3db7d6bcba8f560e3d25f",
        "31e1ae48bddfbe5de38f295e5452b1909a1b4e38e183926af3780b0c1e1f0160")]
    [InlineData("", "",
        "8387b46bf43eccfcf349552a095d8315c4055beb90208fb1be23b894bc2ed5d0",
        "58a0e5f6faefccf4807bff1f05fa8a9217945762040bcec2f4b4a62bdfe0e86e",
        "0ce6ea98ec548f8e281e93e32db65621c45eb18dc6f0a7ad94178610a2f7338e")]
    public void Kdf_VectorsOfWireguardGo_GiveTheirOutputs(string key, string input, params string[] expected)
    {
        for (var n = 1; n <= 3; n++)
        {
            var output = new byte[n * 32];
            Blake2s.Kdf(Encoding.ASCII.GetBytes(key), Encoding.ASCII.GetBytes(input), output);
            Assert.Equal(string.Concat(expected[..n]), Convert.ToHexStringLower(output));
        }
    }

    [Fact]
    public void Kdf_OutputOverTheKey_IsTheSame()
    {
        byte[] key = Sequence(32), expected = new byte[32];
        Blake2s.Kdf(key, "input"u8, expected);
        Blake2s.Kdf(key, "input"u8, key);

        Assert.Equal(expected, key);
    }

    // Up to five blocks, in two parts that end everywhere, with and without a key.
    [Fact]
    public void Digest_OfEveryLengthAndKey_IsBouncyCastles()
    {
        foreach (var keyLength in new[] { 0, 1, 16, 32 })
        {
            for (var length = 0; length <= 320; length++)
            {
                var (key, data) = (Sequence(keyLength), Sequence(length));
                var hashLength = keyLength == 16 ? 16 : 32;
                var reference = keyLength == 0 ? new Blake2sDigestOfBouncyCastle(256) : new Blake2sDigestOfBouncyCastle(key, hashLength, null, null);
                var (expected, actual) = (new byte[hashLength], new byte[hashLength]);
                reference.BlockUpdate(data, 0, length);
                reference.DoFinal(expected, 0);

                var digest = new Blake2sDigest(hashLength, key);
                digest.Add(data.AsSpan(0, length * 7 / 10));
                digest.Add(data.AsSpan(length * 7 / 10));
                digest.Finish(actual);

                Assert.Equal(expected, actual);
            }
        }
    }

    [Fact]
    public void Mac_AllocatesNothing()
    {
        byte[] key = Sequence(32), data = Sequence(148), mac = new byte[16];
        Blake2s.Mac(key, data, mac);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            Blake2s.Mac(key, data, mac);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static byte[] Sequence(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)i)];
}
