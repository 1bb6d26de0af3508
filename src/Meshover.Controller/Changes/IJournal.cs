using Meshover.Controller.State;
using Meshover.Controller.Stores;

namespace Meshover.Controller.Changes;

/// <summary>Takes part in every change between its being durable and its being published, and so before it is answered.</summary>
internal interface IJournal
{
    /// <summary>The state from which the changes go on.</summary>
    void Begin(MeshState state);

    /// <param name="before">Without the changes.</param>
    /// <param name="after">With them.</param>
    /// <param name="changes">Whole revisions, in order.</param>
    void Note(MeshState before, MeshState after, IReadOnlyList<StoreChange> changes);
}
