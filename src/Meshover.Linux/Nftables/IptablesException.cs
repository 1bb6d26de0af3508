namespace Meshover.Linux.Nftables;

/// <summary>iptables refused.</summary>
public sealed class IptablesException(string program, string command, string reason) : Exception($"{program} {command}: {reason}");
