using System.Buffers.Binary;
using Meshover.Linux.Interop;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Netlink;
using Meshover.Linux.Netlink.Wire;

namespace Meshover.Linux.Nftables;

/// <summary>
/// The number that the kernel counts up with every change of a namespace's firewall: while it stands still, nothing needs to be listed
/// (microseconds instead of a process). linux/netfilter/nf_tables.h:
/// <code>
/// NFT_MSG_GETGEN -> NFT_MSG_NEWGEN: struct nfgenmsg { u8 family; u8 version; be16 resource; } + NFTA_GEN_ID (be32)
/// type = NFNL_SUBSYS_NFTABLES &lt;&lt; 8 | message
/// </code>
/// </summary>
public sealed class NftGeneration : IDisposable
{
    private const ushort GetGeneration = (10 << 8) | 16;
    private const ushort NewGeneration = (10 << 8) | 15;
    private const ushort GenerationId = 1;
    private const int HeaderLength = 4;

    private readonly NetlinkConnection _connection;

    /// <param name="namespacePath">Such as <c>/run/netns/NAME</c>; null for that of the calling thread.</param>
    /// <exception cref="NetlinkException">The kernel has no netfilter.</exception>
    public NftGeneration(string? namespacePath = null)
        : this(namespacePath is null ? OpenSocket() : NetworkNamespace.RunIn(namespacePath, OpenSocket)) { }

    internal NftGeneration(INetlinkTransport transport) => _connection = new NetlinkConnection(transport);

    /// <exception cref="NetlinkException">The kernel has no nftables.</exception>
    public uint Read()
    {
        var answer = _connection.Query<string>("read the firewall's generation", "", GetGeneration,
            static (ref NetlinkWriter writer) => writer.Take(HeaderLength), TryParse);
        return uint.Parse(answer ?? throw new NetlinkException("read the firewall's generation", "", Errno.NotSupported));
    }

    public void Dispose() => _connection.Dispose();

    private static NetlinkSocket OpenSocket() => new(NetlinkSocket.ProtocolNetfilter);

    private static bool TryParse(NetlinkMessage message, out string generation)
    {
        generation = "";
        if (message.Type != NewGeneration)
            return false;
        var attributes = message.Attributes(HeaderLength);
        while (attributes.TryRead(out var attribute))
        {
            if (attribute.Type == GenerationId && attribute.Value.Length == sizeof(uint))
                generation = BinaryPrimitives.ReadUInt32BigEndian(attribute.Value).ToString();
        }

        return generation.Length != 0;
    }
}
