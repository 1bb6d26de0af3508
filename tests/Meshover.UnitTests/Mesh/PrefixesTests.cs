using Meshover.Mesh.Addressing;
using Xunit;

namespace Meshover.UnitTests.Mesh;

public sealed class PrefixesTests
{
    [Theory]
    [InlineData("10.64.1.0/24 ")]
    [InlineData("10.64.1.0/ 24")]
    [InlineData("10.64.1.0/+24")]
    [InlineData("10.64.1.0/-1")]
    [InlineData("10.64.1.0/33")]
    [InlineData("fd64:1::/129")]
    [InlineData("10.64.1.0/")]
    public void TryParse_WhatIsNoPrefix_IsRefused(string text)
    {
        Assert.False(Prefixes.TryParse(text, out _, out var error));
        Assert.Contains("is not a prefix", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.64.1.0/24", "10.64.1.0/24")]
    [InlineData("FD64:1::/64", "fd64:1::/64")]
    public void TryParse_Prefix_HasOneText(string text, string canonical)
    {
        Assert.True(Prefixes.TryParse(text, out var prefix, out _));
        Assert.Equal(canonical, prefix.ToString());
    }
}
