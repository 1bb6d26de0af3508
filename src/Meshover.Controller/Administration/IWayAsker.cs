using Meshover.Mesh.Ways;

namespace Meshover.Controller.Administration;

/// <summary>Asks nodes which way they send packets.</summary>
internal interface IWayAsker
{
    /// <summary>Which way its kernel sends a packet.</summary>
    /// <param name="id">Of the node.</param>
    /// <param name="node">Its hostname.</param>
    /// <param name="to">Address.</param>
    /// <param name="from">Address of the same family; empty: the node's own.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="Membership.RefusalException">It cannot be asked, or gives no answer.</exception>
    Task<WayStep> StepAsync(uint id, string node, string to, string from, CancellationToken cancel);
}
