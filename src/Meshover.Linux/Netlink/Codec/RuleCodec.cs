using System.Net;
using System.Net.Sockets;
using Meshover.Linux.Netlink.Wire;

namespace Meshover.Linux.Netlink.Codec;

/// <summary>
/// RTM_*RULE (linux/fib_rules.h):
/// <code>struct fib_rule_hdr { u8 family; u8 dst_len; u8 src_len; u8 tos; u8 table; u8 res1; u8 res2; u8 action; u32 flags; }</code>
/// FRA_TABLE carries the tables above 255; the header's byte is then RT_TABLE_COMPAT.
/// </summary>
internal static class RuleCodec
{
    internal const int HeaderLength = 12;

    private const ushort Destination = 1;
    private const ushort Source = 2;
    private const ushort InputName = 3;
    private const ushort GoTo = 4;
    private const ushort Priority = 6;
    private const ushort Mark = 10;
    private const ushort Table = 15;
    private const ushort MarkMask = 16;
    private const ushort OutputName = 17;
    private const ushort SuppressGroup = 13;
    private const ushort SuppressPrefixLength = 14;
    private const ushort Protocol = 21;

    /// <summary>FIB_RULE_INVERT</summary>
    private const uint Invert = 2;

    /// <summary>The kernel tells these always; this means "none".</summary>
    private const uint SuppressNothing = uint.MaxValue;

    /// <summary>FRA_* that narrow a rule: its tunnel, l3mdev, user, IP protocol, ports.</summary>
    private static readonly ushort[] Narrowing = [12, 19, 20, 22, 23, 24];

    internal static void WriteDump(ref NetlinkWriter writer, AddressFamily family) =>
        writer.Take(HeaderLength)[0] = Families.Of(family);

    internal static void Write(ref NetlinkWriter writer, RuleInfo rule)
    {
        var header = writer.Take(HeaderLength);
        header[0] = Families.Of(rule.Family);
        header[1] = (byte)(rule.Destination?.PrefixLength ?? 0);
        header[2] = (byte)(rule.Source?.PrefixLength ?? 0);
        header[4] = RouteCodec.TableByte(rule.Table);
        header[7] = (byte)rule.Action;
        writer.PutUInt32(Priority, rule.Priority);
        if (rule.Table != 0)
            writer.PutUInt32(Table, rule.Table);
        if (rule.GoTo != 0)
            writer.PutUInt32(GoTo, rule.GoTo);
        if (rule.MarkMask != 0)
        {
            writer.PutUInt32(Mark, rule.Mark);
            writer.PutUInt32(MarkMask, rule.MarkMask);
        }

        WriteSelectors(ref writer, rule);
        if (rule.Protocol != 0)
            writer.PutByte(Protocol, rule.Protocol);
    }

    internal static bool TryParse(NetlinkMessage message, out RuleInfo rule)
    {
        rule = null!;
        if (message.Type is not (MessageType.NewRule or MessageType.DeleteRule))
            return false;
        var header = message.Header(HeaderLength);
        var family = header[0];
        var isInverted = (BitConverter.ToUInt32(header[8..]) & Invert) != 0;
        var parsed = new RuleInfo
        {
            Family = family == Families.IPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork,
            Priority = 0,
            Table = header[4],
            Action = (RuleAction)header[7],
            HasMore = isInverted,
        };
        IPAddress? source = null;
        IPAddress? destination = null;
        var attributes = message.Attributes(HeaderLength);
        while (attributes.TryRead(out var attribute))
        {
            if (attribute.Type == Destination)
                destination = attribute.AsAddress();
            else if (attribute.Type == Source)
                source = attribute.AsAddress();
            else
                parsed = Apply(parsed, attribute);
        }

        rule = parsed with { Source = PrefixOrNull(source, header[2], family), Destination = PrefixOrNull(destination, header[1], family) };
        // The multicast routing families (128, 129) have rules, too.
        return family is Families.IPv4 or Families.IPv6;
    }

    private static RuleInfo Apply(RuleInfo rule, NetlinkAttribute attribute) => attribute.Type switch
    {
        InputName => rule with { InputLink = attribute.AsString() },
        OutputName => rule with { OutputLink = attribute.AsString() },
        GoTo => rule with { GoTo = attribute.AsUInt32() },
        Priority => rule with { Priority = attribute.AsUInt32() },
        Mark => rule with { Mark = attribute.AsUInt32() },
        MarkMask => rule with { MarkMask = attribute.AsUInt32() },
        Table => rule with { Table = attribute.AsUInt32() },
        Protocol => rule with { Protocol = attribute.AsByte() },
        SuppressGroup or SuppressPrefixLength => rule with { HasMore = rule.HasMore || attribute.AsUInt32() != SuppressNothing },
        _ => Narrowing.Contains(attribute.Type) ? rule with { HasMore = true } : rule,
    };

    private static void WriteSelectors(ref NetlinkWriter writer, RuleInfo rule)
    {
        if (rule.Destination is { } destination)
            writer.PutAddress(Destination, destination.BaseAddress);
        if (rule.Source is { } source)
            writer.PutAddress(Source, source.BaseAddress);
        if (rule.InputLink is { } input)
            writer.PutString(InputName, input);
        if (rule.OutputLink is { } output)
            writer.PutString(OutputName, output);
    }

    private static IPNetwork? PrefixOrNull(IPAddress? address, byte length, byte family) =>
        address is null ? null : Families.Prefix(address, length, family);
}
