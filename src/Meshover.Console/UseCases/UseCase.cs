namespace Meshover.Console.UseCases;

/// <summary>All that can be done in the console.</summary>
public enum UseCase
{
    /// <summary>The mesh, its nodes, what they are granted, and its events.</summary>
    SeeMesh,
    AskNode,
    SeeTokens,
    CreateToken,
    RevokeToken,
    AddGrant,
    RemoveGrant,
    SeeAudit,
    RemoveNode,
    AllowNode,
}
