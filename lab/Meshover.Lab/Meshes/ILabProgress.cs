namespace Meshover.Lab.Meshes;

/// <summary>Is told what has just been done.</summary>
public interface ILabProgress
{
    void Step(string text);
}
