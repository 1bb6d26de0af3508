namespace Meshover.Console.UseCases;

/// <summary>All that can be done in the console.</summary>
public enum UseCase
{
    /// <summary>The mesh, its nodes, what they are granted, and its events.</summary>
    SeeMesh,

    /// <summary>What a node says of itself, and what nodes do with packets: it costs them questions.</summary>
    AskNode,
    SeeTokens,
    CreateToken,
    RevokeToken,
    AddGrant,
    RemoveGrant,
    SeeAudit,
    RemoveNode,
    AllowNode,
    RenameNode,
    TagNode,

    /// <summary>To have it left, and to have it take part again.</summary>
    DrainNode,

    /// <summary>To have a node announce a prefix, and to have it announce that no more.</summary>
    OrderAnnouncement,
}
