using System.Reflection;
using Meshover.Contract.V1;
using Meshover.Mesh.Trust;

namespace Meshover.Agent.ControllerLink;

/// <summary>What this program says of itself at the start of every stream.</summary>
internal static class AgentHello
{
    public static string Version { get; } =
        typeof(AgentHello).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";

    public static Hello Create() => new() { Version = Version, Contract = ContractRevision.Current, ContractOldest = ContractRevision.Oldest };
}
