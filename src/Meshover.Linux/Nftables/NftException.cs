namespace Meshover.Linux.Nftables;

/// <summary>nft refused, or could not be run.</summary>
public sealed class NftException(string operation, string reason) : Exception($"{operation}: {reason}")
{
    public string Operation { get; } = operation;

    /// <summary>nft ran, and said no.</summary>
    public bool IsRefusal { get; init; }

    /// <summary>The program itself is not there, so nobody has set up anything by it either.</summary>
    public bool IsNotInstalled { get; init; }
}
