using System.Collections.Immutable;
using System.Net;

namespace Meshover.Agent.Announcing.Provided;

/// <summary>By which a provider speaks while its program is there; disposing it says that the program is gone.</summary>
internal sealed class ProviderVoice(ProviderTable table, string name) : IDisposable
{
    public string Name => name;

    /// <param name="prefixes">All that it wants; null: as before.</param>
    /// <param name="words">How it stands.</param>
    public void Tell(ImmutableArray<IPNetwork>? prefixes, string words) => table.Tell(name, prefixes, words);

    public void Dispose() => table.Leave(name);
}
