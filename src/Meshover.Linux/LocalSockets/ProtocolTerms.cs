using System.Collections.Immutable;

namespace Meshover.Linux.LocalSockets;

/// <summary>
/// What this program speaks on a local socket. Two programs of different releases must understand one another, since an upgrade restarts the
/// one and leaves the other running:
/// <list type="bullet">
/// <item>What is new is a new field or a new operation. Fields that a program does not know it ignores; an operation that it does not know it
/// refuses in words.</item>
/// <item>A new version is needed only where something old changes its meaning. A program goes on to speak the former version too.</item>
/// <item>A connection begins with a Hello, whose form never changes. It carries the oldest and the newest version of the client and what it
/// can; the answer is the newest version that both speak, and what the server can. Who is from before there was a Hello refuses it, and speaks
/// <see cref="BeforeHello"/>.</item>
/// </list>
/// </summary>
/// <param name="Server">Who serves the socket, as people are told: "The data plane".</param>
/// <param name="Oldest">The oldest version.</param>
/// <param name="Newest">The newest.</param>
/// <param name="LongestLine">Bytes.</param>
public sealed record ProtocolTerms(string Server, int Oldest, int Newest, int LongestLine)
{
    /// <summary>What programs speak that know no Hello.</summary>
    public const int BeforeHello = 1;

    /// <summary>What it can, by name: of a server its operations.</summary>
    public ImmutableArray<string> Capabilities { get; init; } = [];

    /// <summary>The newest version that this program and another both speak; null if there is none.</summary>
    public int? Agree(int oldest, int newest)
    {
        var agreed = Math.Min(newest, Newest);
        return agreed >= Math.Max(oldest, Oldest) ? agreed : null;
    }

    public bool Speaks(int version) => version >= Oldest && version <= Newest;

    /// <summary>What is said to one who speaks other versions.</summary>
    public string Refuse(string versions) =>
        $"{Server} speaks versions {Oldest} to {Newest} of its protocol, not {versions}: restart the older program.";

    internal HelloAnswer Answer(HelloRequest hello)
    {
        var oldest = hello.Oldest ?? hello.Version;
        return Agree(oldest, hello.Version) is { } agreed
            ? new HelloAnswer { Version = agreed, Capabilities = Capabilities }
            : new HelloAnswer { Version = Newest, Error = HelloAnswer.NoVersion, Message = Refuse(oldest == hello.Version ? $"{oldest}" : $"{oldest} to {hello.Version}") };
    }
}

/// <summary>There is no version of the protocol that both sides speak.</summary>
public sealed class ProtocolVersionException(string message) : Exception(message);
