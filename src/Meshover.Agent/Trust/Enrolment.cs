using Meshover.Mesh.Trust;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Trust;

/// <summary>Joining a mesh and signing off from it.</summary>
public static class Enrolment
{
    /// <summary>
    /// Makes this machine a member and returns its identity, saved. Idempotent: an identity that is there is used again. After a
    /// failure nothing is left behind, except an identity that a controller may already have taken in.
    /// </summary>
    /// <exception cref="AgentException">Refused, or no controller answered in time; one sentence with what to do.</exception>
    public static Task<NodeIdentity> EnrolAsync(
        JoinString join, EnrolmentOptions options, ILogger logger, TimeProvider time, CancellationToken cancellationToken) =>
        throw new AgentException("Enrolling is not there yet.");

    /// <summary>
    /// Signs this node off at the controller and deletes the identity and the map on disk. With <paramref name="force"/> they are
    /// deleted where no controller answers, too. Nothing to do where there is no identity.
    /// </summary>
    /// <exception cref="AgentException">No controller answered, and not forced.</exception>
    public static Task LeaveAsync(
        string stateDirectory, bool force, ILogger logger, TimeProvider time, CancellationToken cancellationToken) =>
        throw new AgentException("Leaving is not there yet.");
}
