using Meshover.Mesh.Findings;

namespace Meshover.Cli.Doctor;

/// <summary>One thing on this machine that is in the mesh's way.</summary>
internal sealed record Finding
{
    /// <summary>By the catalogue.</summary>
    public required FindingKind Kind { get; init; }

    public required Severity Severity { get; init; }

    /// <summary>What is wrong: one sentence with the names and numbers seen.</summary>
    public required string Problem { get; init; }

    /// <summary>What it breaks.</summary>
    public required string Breaks { get; init; }

    /// <summary>How to fix it by hand.</summary>
    public required string Mend { get; init; }

    /// <summary>What `doctor --fix` would do; null where that is not safe, or cannot be known.</summary>
    public Fix? Fix { get; init; }
}

/// <summary>A change that is safe: it takes nothing from anybody and can be taken back.</summary>
internal abstract record Fix;

/// <summary>Puts our tagged rules into Docker's <c>DOCKER-USER</c>.</summary>
/// <param name="Program">That of the iptables family which holds the chain.</param>
internal sealed record DockerUserFix(string Program) : Fix;

/// <summary>Writes a file of <c>deploy/</c> where a network manager reads it, and makes it read it.</summary>
/// <param name="Snippet">Which.</param>
internal sealed record SnippetFix(Snippet Snippet) : Fix;
